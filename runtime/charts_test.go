package runtime_test

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"wand/runtime"
)

// svgOf checks that a picture is well-formed and marked as the stand-in's, and returns how often each element is in it, and its texts.
func svgOf(t *testing.T, r *runtime.Report, name string) (elements map[string]int, texts []string) {
	t.Helper()
	for _, f := range r.Files {
		if f.Path != "/work/"+name {
			continue
		}
		elements = map[string]int{}
		marked := false
		d := xml.NewDecoder(strings.NewReader(string(f.Content())))
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, f.Content())
			}
			switch token := token.(type) {
			case xml.StartElement:
				elements[token.Name.Local]++
				for _, a := range token.Attr {
					if strings.Contains(a.Value, "nan") || strings.Contains(a.Value, "inf") {
						t.Errorf("%s: %s is %q", name, a.Name.Local, a.Value)
					}
				}
			case xml.CharData:
				if text := strings.TrimSpace(string(token)); text != "" {
					texts = append(texts, text)
				}
			case xml.Comment:
				marked = marked || strings.Contains(string(token), "stand-in for matplotlib")
			}
		}
		if !marked {
			t.Errorf("%s does not say what drew it", name)
		}
		return elements, texts
	}
	t.Fatalf("there is no %s: %+v\n%s", name, r.Files, r.Feedback(0))
	return nil, nil
}

func TestChartsAreDrawnAsSVG(t *testing.T) {
	r := runWith(t, `
import math
import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt
assert matplotlib.stand_in and matplotlib.__version__.startswith("0")
xs = [i / 10 for i in range(50)]
plt.figure(figsize=(8, 5))
plt.plot(xs, [math.sin(x) for x in xs], "r--", label="sine & <co>")
plt.plot(xs, [math.nan if x > 3 else math.cos(x) for x in xs], label="cosine")
plt.scatter([1, 2], [0.5, -0.5], c=[1, 2], s=[20, 80])
plt.axhline(0, color="k", linestyle=":")
plt.fill_between(xs, [-1] * 50, [1] * 50, alpha=0.1)
plt.annotate("here", xy=(1, 0.5), xytext=(2, 0.8), arrowprops={"arrowstyle": "->"})
plt.title("Waves"); plt.xlabel("x"); plt.ylabel("y"); plt.legend(); plt.grid(True); plt.xlim(0, 5); plt.ylim(-1.5, 1.5); plt.xticks([0, 2.5, 5], ["a", "b", "c"], rotation=45)
plt.tight_layout()
plt.savefig("waves.png", dpi=150, bbox_inches="tight")
plt.close()
fig, axs = plt.subplots(2, 3, figsize=(12, 8), sharex=False)
n, edges, bars = axs[0, 0].hist([1, 2, 2, 3, 3, 3], bins=3, color="skyblue", edgecolor="black")
assert list(n) == [1, 2, 3] and list(edges)[0] == 1
axs[0][1].bar(["north", "south"], [3, 4], yerr=[1, 1]); axs[0, 1].set_title("Bars")
axs[0, 2].barh(["p", "q"], [1, 2])
axs[1, 0].pie([1, 2, 3], labels=["i", "j", "k"], autopct="%1.0f%%")
axs[1, 1].imshow([[0, 1], [2, 3]], cmap="gray")
axs[1, 2].boxplot([[1, 2, 3, 9], [2, 3]])
for ax in axs.flat:
    ax.grid(True)
fig.suptitle("Six")
plt.show()
`)
	if r.Status != runtime.Completed {
		t.Fatal(r.Feedback(0))
	}
	if strings.Count(r.Stderr, "is a stand-in") != 1 || !strings.Contains(r.Stderr, "wrote waves.svg in place of waves.png") {
		t.Errorf("standard error is %q", r.Stderr)
	}
	elements, texts := svgOf(t, r, "waves.svg")
	said := strings.Join(texts, "|")
	for _, text := range []string{"Waves", "sine & <co>", "cosine", "here", "a", "b", "c"} {
		if !strings.Contains("|"+said+"|", "|"+text+"|") {
			t.Errorf("waves.svg does not say %q: %s", text, said)
		}
	}
	if elements["circle"] != 2 || elements["path"] < 6 || elements["polygon"] != 1 {
		t.Errorf("waves.svg has %v", elements)
	}
	elements, texts = svgOf(t, r, "figure_1.svg")
	if said := strings.Join(texts, "|"); !strings.Contains(said, "Six") || !strings.Contains(said, "north") || !strings.Contains(said, "17%") || elements["rect"] < 3+2+2+4 {
		t.Errorf("figure_1.svg has %v and says %s", elements, said)
	}
	if len(r.Files) != 2 {
		t.Errorf("the files are %+v", r.Files)
	}
}

func TestChartsSayWhatTheyCannot(t *testing.T) {
	for program, says := range map[string]string{
		"plt.plot([1, 2], [1])":                              "x and y must have same first dimension",
		"plt.contourf([[1]])":                                "this stand-in for matplotlib has no plt.contourf; it draws simple charts as SVG: plot, scatter",
		"plt.gca().twinx()":                                  "one scale in each direction",
		"plt.gca().streamplot()":                             "has no Axes.streamplot",
		"import io; plt.savefig(io.BytesIO(), format='png')": "writes SVG only, not png",
		"plt.imshow([[0] * 1000] * 1000)":                    "at most 40,000 cells",
		"plt.plot([1], [1], 'qq')":                           "is not a valid format string",
		"import matplotlib.animation":                        "No module named 'matplotlib.animation'",
	} {
		r := runWith(t, "import matplotlib.pyplot as plt\n"+program+"\n")
		if r.Status != runtime.Failed || !strings.Contains(r.Error.Message, says) {
			t.Errorf("%s: %s", program, r.Feedback(0))
		}
	}
	r := runWith(t, "import io, matplotlib.pyplot as plt\nb = io.BytesIO()\nplt.plot([])\nplt.bar([], [])\nplt.hist([])\nplt.savefig(b)\nb.getvalue()[:4]\n")
	if r.Status != runtime.Completed {
		t.Errorf("empty charts: %s", r.Feedback(0))
	}
}
