package runtime_test

import (
	"encoding/xml"
	"errors"
	"io"
	"slices"
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
		"plt.gca().twiny()":                                  "one x in each axes",
		"plt.subplot(projection='3d')":                       "straight axes in two directions, not projection='3d'",
		"plt.subplots(subplot_kw={'projection': 'polar'})":   "straight axes in two directions, not projection='polar'",
		"plt.pie([1, -1])":                                   "must be non negative",
		"plt.subplot(2, 2, 5)":                               "num must be an integer with 1 <= num <= 4",
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
	if r.Status != runtime.Completed || !strings.Contains(r.Stderr, "wrote SVG, not PNG, to the file object") {
		t.Errorf("empty charts: %s", r.Feedback(0))
	}
}

// Each figure that is shown has a file of its own, and two names that become one do not.
func TestChartsDoNotOverwriteEachOther(t *testing.T) {
	r := runWith(t, `
import matplotlib.pyplot as plt
for name in ("one", "two"):
    plt.plot([1, 2]); plt.title(name); plt.show()
plt.figure(); plt.title("three"); plt.savefig("x.png")
plt.figure(); plt.title("four"); plt.savefig("x.pdf")
plt.plot([1]); plt.title("five"); plt.show()
plt.figure()
plt.show()
`)
	if r.Status != runtime.Completed {
		t.Fatal(r.Feedback(0))
	}
	for name, title := range map[string]string{"figure_1.svg": "one", "figure_2.svg": "two", "x.svg": "three", "x.pdf.svg": "four", "figure_3.svg": "five"} {
		if _, texts := svgOf(t, r, name); texts[len(texts)-1] != title {
			t.Errorf("%s says %q, want %q", name, texts, title)
		}
		if !strings.Contains(r.Stderr, "wrote "+name+"\n") && !strings.Contains(r.Stderr, "wrote "+name+" in place of x.p") {
			t.Errorf("nobody is told of %s: %s", name, r.Stderr)
		}
	}
	if len(r.Files) != 5 {
		t.Errorf("%d files: %+v", len(r.Files), r.Files)
	}
	// The model hears of what was written, and of what the names are.
	if text := r.Feedback(0); !strings.Contains(text, "x.svg in place of x.png") || !strings.Contains(text, "figure_2.svg") {
		t.Errorf("the feedback is\n%s", text)
	}
}

// What programs do with axes beside drawing in them: two scales, shared ones, dates, logarithms, grids of axes, texts and colours.
func TestChartsOfManyKinds(t *testing.T) {
	for program, want := range map[string][]string{
		"fig, ax = plt.subplots(); ax.plot([0, 1], [0, 1], label='l'); b = ax.twinx(); b.plot([0, 1], [100, 900], 'r--', label='r'); b.set_ylabel('right'); h, l = ax.get_legend_handles_labels(); g, k = b.get_legend_handles_labels(); ax.legend(h + g, l + k)": {"l", "r", "right", "800", "0.8"},
		"fig, ((a, b), (c, d)) = plt.subplots(2, 2, sharex=True, sharey='row'); a.plot([0, 10], [0, 1]); d.plot([0, 1], [5, 6]); assert b.get_xlim() == a.get_xlim() and b.get_ylim() == a.get_ylim() != c.get_ylim()":                                            {"10", "6.00"},
		"import datetime as dt; plt.plot([dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(400)], range(400))":                                                                                                                                           {"2026-01", "2027-01"},
		"import datetime as dt, matplotlib.dates as md; plt.plot([dt.datetime(2026, 3, 1), dt.datetime(2026, 3, 20)], [1, 2]); plt.gca().xaxis.set_major_formatter(md.DateFormatter('%d %b')); plt.gcf().autofmt_xdate()":                                         {"05 Mar", "19 Mar"},
		"plt.semilogy([1, 10, 1000]); plt.gca().set_xscale('linear')": {"1", "10", "1000"},
		"fig = plt.figure(); gs = fig.add_gridspec(2, 2, height_ratios=[2, 1]); fig.add_subplot(gs[0, :]).set_title('wide'); fig.add_subplot(gs[1, 1]).set_title('small')":                       {"wide", "small"},
		"plt.text(0.5, 0.5, 'middle', transform=plt.gca().transAxes); plt.gca().spines[['top', 'right']].set_visible(False)":                                                                     {"middle"},
		"plt.xlabel(r'$x^2$ in $\\mu m$'); plt.ylabel('$5 and $10')":                                                                                                                             {"x\u00b2 in \u03bc m", "$5 and $10"},
		"from matplotlib.ticker import FuncFormatter, PercentFormatter; plt.bar(['a', 'b'], [0.5, 1]); plt.gca().yaxis.set_major_formatter(PercentFormatter(1))":                                 {"a", "b", "100%"},
		"b = plt.boxplot([[1, 2, 3], [2, 9]], tick_labels=['p', 'q'], patch_artist=True); [x.set_facecolor('pink') for x in b['boxes']]; b['medians'][0].set_color('k')":                         {"p", "q"},
		"w, t, a = plt.pie([1, 3], labels=['n', 's'], autopct='%d%%', wedgeprops={'width': 0.4}); plt.legend(w, ['N', 'S'])":                                                                     {"n", "25%", "75%", "N", "S"},
		"plt.plot(range(5)); plt.xticks(range(5), list('abcde'), rotation=45); plt.setp(plt.gca().get_xticklabels(), rotation=90, ha='right')":                                                   {"a", "e"},
		"bars = plt.bar(['x', 'y'], [1, 2], color=plt.cm.viridis([0.1, 0.9])); plt.bar_label(bars); plt.scatter(['x', 'y'], [1, 2], c=[3, 4], cmap='plasma'); plt.colorbar(label='z')":           {"x", "y", "z"},
		"from matplotlib.patches import Patch; from matplotlib.lines import Line2D; plt.legend(handles=[Patch(color='r', label='red'), Line2D([0], [0], color='b', label='blue')], title='key')": {"red", "blue", "key"},
		"f, ax = plt.subplot_mosaic('AB;CC'); ax['A'].set_title('first'); ax['C'].set_title('last'); f.text(0.5, 0.1, 'foot'); f.suptitle('top\\nline')":                                         {"first", "last", "foot", "top", "line"},
		"plt.hist([[1, 2, 2], [2, 3]], bins=3, stacked=True, label=['u', 'v']); plt.hist([1, 2, 3], histtype='step', density=True); plt.legend()":                                                {"u", "v"},
		"plt.errorbar([1, 2], [3, 4], yerr=[0.1, 0.2], fmt='none', ecolor='k'); plt.annotate('a note', (1, 3), xytext=(5, 5), textcoords='offset points')":                                       {"a note"},
		"with plt.style.context('ggplot'), plt.rc_context({'axes.grid': True}): plt.plot([1, 2], color=plt.rcParams['axes.prop_cycle'].by_key()['color'][2]); plt.title('g')":                    {"g"},
	} {
		r := runWith(t, "import matplotlib.pyplot as plt\n"+program+"\nplt.savefig('c.svg')\n")
		if r.Status != runtime.Completed {
			t.Errorf("%s: %s", program, r.Feedback(0))
			continue
		}
		_, texts := svgOf(t, r, "c.svg")
		for _, text := range want {
			if !slices.Contains(texts, text) {
				t.Errorf("%s: it does not say %q: %q", program, text, texts)
			}
		}
	}
}

// pandas draws through the stand-in.
func TestScienceFramesDrawThemselves(t *testing.T) {
	rt := science(t)
	const setup = `
import numpy as np, pandas as pd, matplotlib.pyplot as plt
df = pd.DataFrame({"a": [1.0, 3.0, 2.0, 5.0], "b": [2.0, 1.0, 4.0, 3.0], "k": list("uvuv")}, index=pd.Index(["p", "q", "r", "s"], name="id"))
days = df.set_index(pd.date_range("2026-01-01", periods=4, name="day"))
`
	for program, c := range map[string]struct {
		want     []string
		element  string
		atLeast  int
		fileName string
	}{
		"df.plot(title='T', xlabel='X', ylabel='Y', grid=True, figsize=(8, 4))":                  {want: []string{"T", "X", "Y", "a", "b", "p", "s"}, element: "path", atLeast: 2},
		"days.plot(y='a', style='o--', rot=45); assert plt.gca().get_xlabel() == 'day'":          {want: []string{"2026-01-01", "a", "day"}, element: "circle", atLeast: 4},
		"ax = df.plot.bar(stacked=True, color=['teal', 'red']); ax.bar_label(ax.containers[0])":  {want: []string{"id", "p", "q", "a", "b", "5"}, element: "rect", atLeast: 8},
		"df.plot(kind='barh', y='a', legend=False)":                                              {want: []string{"p", "s", "id"}, element: "rect", atLeast: 4},
		"df.plot.hist(bins=4, alpha=0.5)":                                                        {want: []string{"Frequency", "a", "b"}, element: "rect", atLeast: 8},
		"df.plot.box()":                                                                          {want: []string{"a", "b"}, element: "path", atLeast: 12},
		"df.plot.area(stacked=True)":                                                             {want: []string{"a", "b"}, element: "polygon", atLeast: 2},
		"df['a'].plot.pie(autopct='%.0f%%')":                                                     {want: []string{"p", "45%"}, element: "path", atLeast: 4},
		"df.plot.scatter(x='a', y='b', c='b', colormap='viridis')":                               {want: []string{"a", "b"}, element: "circle", atLeast: 4},
		"df.plot(subplots=True, layout=(2, 1), figsize=(6, 6)); assert len(plt.gcf().axes) == 2": {want: []string{"a", "b"}},
		"df.plot(secondary_y=['b'])":                                                             {want: []string{"a", "b (right)"}},
		"df.groupby('k')['a'].mean().plot(kind='bar', rot=0)":                                    {want: []string{"k", "u", "v"}, element: "rect", atLeast: 2},
		"df['k'].value_counts().plot.bar(logy=True)":                                             {want: []string{"u", "v"}},
		"df.hist(bins=3)":                {want: []string{"a", "b"}, element: "rect", atLeast: 6},
		"df.boxplot(column='a', by='k')": {want: []string{"Boxplot grouped by k", "a", "u", "v"}},
		"days[['a', 'b']].resample('2D').sum().plot(marker='o', logy=True)": {want: []string{"a", "b"}},
		"days['a'].rolling(2).mean().plot(label='mean', legend=True)":       {want: []string{"mean"}},
		"s = df['a'].hist(); df['b'].hist(); plt.show()":                    {fileName: "figure_1.svg", element: "rect", atLeast: 20},
	} {
		name := c.fileName
		if name == "" {
			name = "c.svg"
			program += "\nplt.savefig('c.svg')"
		}
		r := runScience(t, rt, setup+program+"\n", runtime.Options{})
		if r.Status != runtime.Completed {
			t.Errorf("%s: %s", program, r.Feedback(0))
			continue
		}
		elements, texts := svgOf(t, r, name)
		for _, text := range c.want {
			if !slices.Contains(texts, text) {
				t.Errorf("%s: it does not say %q: %q", program, text, texts)
			}
		}
		if elements[c.element] < c.atLeast {
			t.Errorf("%s: %v, want %d of %s", program, elements, c.atLeast, c.element)
		}
	}
	for program, says := range map[string]string{
		"df.plot.kde()":                         "draws df.plot of the kinds line, bar, barh, hist, box, area, pie, scatter, not 'kde'",
		"df.plot.hexbin(x='a', y='b')":          "not 'hexbin'",
		"pd.plotting.scatter_matrix(df)":        "has no pandas.plotting.scatter_matrix",
		"df[['k']].plot()":                      "no numeric data to plot",
		"df.plot.pie()":                         "pie requires either y column or 'subplots=True'",
		"df.plot(subplots=True, layout=(1, 1))": "Layout of 1x1 must be larger than required size 2",
	} {
		if r := runScience(t, rt, setup+program+"\n", runtime.Options{}); r.Status != runtime.Failed || !strings.Contains(r.Error.Message, says) {
			t.Errorf("%s: %s", program, r.Feedback(0))
		}
	}
}
