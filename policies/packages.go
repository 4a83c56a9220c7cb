package policies

import (
	"fmt"
	"regexp"
	"strings"

	pep440 "github.com/aquasecurity/go-pep440-version"
)

// PackageGrant lets programs import a Python package that was added to the machine's store, with what that package needs: a requirement as Python
// writes them, a name and perhaps versions: sympy, networkx>=3, "attrs>=23,<26". Names are compared as PEP 503 says: PyYAML is pyyaml.
type PackageGrant struct {
	// Name of the package, in any spelling; after UnmarshalText and Compile in normal form.
	Name string
	// Versions are the specifiers of PEP 440 that the package's version has to meet, all of them: ">=3,<4". Empty: any version.
	Versions string
	Origin   Origin
}

var (
	requirement = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)$`)
	specifier   = regexp.MustCompile(`^(~=|===?|!=|<=|>=|<|>)\s*[A-Za-z0-9.*+!_-]+$`)
	separators  = regexp.MustCompile(`[-_.]+`)
)

// UnmarshalText reads a requirement: NAME, or NAME with versions.
func (g *PackageGrant) UnmarshalText(text []byte) error {
	if len(text) > maxName {
		return fmt.Errorf("the requirement is longer than %d characters", maxName)
	}
	m := requirement.FindStringSubmatch(strings.TrimSpace(string(text)))
	if m == nil {
		return fmt.Errorf("%q is no requirement; write it like sympy or networkx>=3, and in quotes where it has a comma", shorten(string(text), 60))
	}
	versions, err := normalVersions(m[2])
	if err != nil {
		return fmt.Errorf("%q is no requirement: %w", shorten(string(text), 60), err)
	}
	g.Name, g.Versions = NormalPackage(m[1]), versions
	return nil
}

// String writes the requirement.
func (g PackageGrant) String() string { return g.Name + g.Versions }

// Meets says whether a version is one of those that the grant wants.
func (g PackageGrant) Meets(version string) bool { return meets(version, g.Versions) }

// NormalPackage is the one spelling of a package's name that names are compared in: lower case, with single dashes (PEP 503).
func NormalPackage(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// normalVersions brings specifiers into one form, without spaces. Extras, markers and addresses belong to adding a package, not to granting it.
func normalVersions(text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", nil
	case strings.HasPrefix(text, "["):
		return "", fmt.Errorf("extras are said when a package is added")
	case strings.HasPrefix(text, "@"):
		return "", fmt.Errorf("an address has no place here, name the package alone")
	}
	parts := strings.Split(text, ",")
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if !specifier.MatchString(part) {
			return "", fmt.Errorf("%q says no versions; write ==1.2, >=3 or ~=2.1", shorten(part, 40))
		}
		parts[i] = strings.ReplaceAll(part, " ", "")
	}
	joined := strings.Join(parts, ",")
	if _, err := pep440.NewSpecifiers(joined); err != nil {
		return "", fmt.Errorf("%q says no versions; write ==1.2, >=3 or ~=2.1", shorten(joined, 40))
	}
	return joined, nil
}

// meets says whether a version meets specifiers. What is no version meets none.
func meets(version, specifiers string) bool {
	v, err := pep440.Parse(version)
	if err != nil {
		return false
	}
	if specifiers == "" {
		return true
	}
	// A package that was added is wanted as it is: pre-releases count like any other version.
	all, err := pep440.NewSpecifiers(specifiers, pep440.WithPreRelease(true))
	return err == nil && all.Check(v)
}

// meetsPrefix begins the name of the attribute that says whether a package's version meets specifiers: Cedar knows no versions.
const meetsPrefix = "meets "

// versionsBeside are versions that tell specifiers apart: those they mention, and ones below and above.
func versionsBeside(specifiers string) []string {
	if specifiers == "" {
		return []string{"1.0"}
	}
	list := []string{"0.0.1", "9999"}
	for _, part := range strings.Split(specifiers, ",") {
		version := strings.TrimSuffix(strings.TrimLeft(part, "~=!<>"), ".*")
		if _, err := pep440.Parse(version); err == nil {
			list = append(list, version, version+".1")
		}
	}
	return list
}
