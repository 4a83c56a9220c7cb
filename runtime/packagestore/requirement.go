package packagestore

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"wand/policies"
)

// Requirement is what somebody asks for, or what a package needs (PEP 508): a name, extras, versions, and a marker that says when.
type Requirement struct {
	Name     string // as written
	Extras   []string
	Versions string // without spaces
	Marker   string
}

var (
	requirementForm = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([A-Za-z0-9._,\s-]*)\])?\s*(?:\(([^()]*)\)|([^;()@\[\]]*))\s*(?:;(.*))?$`)
	extraMarker     = regexp.MustCompile(`\bextra\s*==\s*['"]([^'"]*)['"]`)
	archive         = regexp.MustCompile(`(?i)\.(zip|whl|tar|tgz|tbz|txz|tlz|gz|bz2|xz|lz|lzma|egg)$`)
	hashOption      = regexp.MustCompile(`\s--hash=sha256:[0-9a-fA-F]{64}\b`)
	// What stands in a marker: variables, quoted texts, comparisons. pip splits its files at every character that Python takes for the end of a line (U+2028,
	// form feed), and puts in what ${NAME} is in its environment; neither belongs here.
	markerForm = regexp.MustCompile(`^(?:[A-Za-z0-9_.<>=!~() \t]|'[A-Za-z0-9_.,*+!<>=~() -]*'|"[A-Za-z0-9_.,*+!<>=~() -]*")*$`)
)

// errAddress says why a requirement with an address is refused. What it leads to may have to be built, which runs code of the package.
var errAddress = errors.New("only packages of the index, by name, and wheels, by file; a wheel at an address has to be downloaded first")

// parseRequirement reads one requirement. Addresses, folders and options of pip are none.
func parseRequirement(text string) (Requirement, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Requirement{}, errors.New("the requirement is empty")
	}
	m := requirementForm.FindStringSubmatch(text)
	if m == nil || len(text) > 4096 {
		if strings.Contains(text, "@") || strings.Contains(text, "://") {
			return Requirement{}, fmt.Errorf("%.100q: %w", text, errAddress)
		}
		return Requirement{}, fmt.Errorf("%.100q is no requirement; write it like sympy, networkx>=3 or FILE.whl", text)
	}
	r := Requirement{Name: m[1], Marker: strings.TrimSpace(m[5])}
	for _, extra := range strings.Split(m[2], ",") {
		if extra = strings.TrimSpace(extra); extra != "" {
			r.Extras = append(r.Extras, policies.NormalPackage(extra))
		}
	}
	slices.Sort(r.Extras)
	r.Extras = slices.Compact(r.Extras)
	if !markerForm.MatchString(r.Marker) {
		return Requirement{}, fmt.Errorf("%.100q has a marker that is none; write it like tomli; python_version < \"3.11\"", text)
	}
	var g policies.PackageGrant
	if err := g.UnmarshalText([]byte(r.Name + " " + strings.TrimSpace(m[3]+m[4]))); err != nil {
		return Requirement{}, err
	}
	r.Versions = g.Versions
	if archive.MatchString(r.Name) || archive.MatchString(r.Versions) { // 1+a.zip is a version
		return Requirement{}, fmt.Errorf("%.100q is the name of an archive, not of a package", r.Name+r.Versions) // pip would take it for a file
	}
	return r, nil
}

// extra is the extra that the marker asks for, "" for none.
func (r Requirement) extra() string {
	if m := extraMarker.FindStringSubmatch(r.Marker); m != nil {
		return policies.NormalPackage(m[1])
	}
	return ""
}

// String writes the requirement as pip reads it.
func (r Requirement) String() string {
	text := r.Name
	if len(r.Extras) > 0 {
		text += "[" + strings.Join(r.Extras, ",") + "]"
	}
	text += r.Versions
	if r.Marker != "" {
		text += "; " + r.Marker
	}
	return text
}

// FileRequirement is a line of a requirements file.
type FileRequirement struct {
	Requirement
	Line   int
	Hashes []string // --hash=sha256:..., as written
}

// ParseRequirements reads a requirements file as pip has it, as far as it names packages: a requirement a line, with comments, continued lines and hashes.
// Everything else that such a file may say (other files, addresses, folders, options) is an error with its line, because it could make pip build something.
func ParseRequirements(name string, text []byte) ([]FileRequirement, error) {
	const most = 1 << 20
	if len(text) > most {
		return nil, fmt.Errorf("%s: it is larger than %d bytes", name, most)
	}
	var list []FileRequirement
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		first := i + 1
		line := lines[i]
		for strings.HasSuffix(line, `\`) && i+1 < len(lines) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + lines[i]
		}
		if at := strings.Index(" "+line, " #"); at >= 0 {
			line = line[:max(at-1, 0)]
		}
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		r := FileRequirement{Line: first}
		for _, hash := range hashOption.FindAllString(line, -1) {
			r.Hashes = append(r.Hashes, strings.ToLower(strings.TrimSpace(hash)))
		}
		line = strings.TrimSpace(hashOption.ReplaceAllString(line, ""))
		if strings.HasPrefix(line, "-") || strings.Contains(line, " --") {
			return nil, fmt.Errorf("%s:%d: %.100q: only requirements, with --hash=sha256:..., are read; say the rest in pip's own configuration", name, first, line)
		}
		var err error
		if r.Requirement, err = parseRequirement(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, first, err)
		}
		list = append(list, r)
	}
	return list, nil
}

// quoted writes a requirement so that a shell takes it for one word.
func quoted(s string) string {
	if strings.ContainsAny(s, "<>=!~,;[] ") {
		return "'" + strings.ReplaceAll(s, "'", "") + "'"
	}
	return s
}
