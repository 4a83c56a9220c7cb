package skills

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
)

// Match is a skill that a search found.
type Match struct {
	Skill *Skill
	Score float64 // of BM25; higher is better
}

// Constants of BM25 (Robertson and Zaragoza, 2009): how soon a word that occurs often stops counting more, and how much a long text is held against itself.
const (
	saturation = 1.2
	lengthBias = 0.75
)

// nameWeight is how often a word of the name counts as one of the text.
const nameWeight = 3

// Search ranks skills by the words of a query in their names, parameters and descriptions: at most n (0: 10), the best first. A query without words that any
// of them has finds nothing.
func (s *Store) Search(query string, n int) ([]Match, error) {
	all, err := s.List()
	if err != nil {
		return nil, err
	}
	if n <= 0 {
		n = 10
	}
	texts := make([]map[string]float64, len(all))
	lengths := make([]float64, len(all))
	containing := map[string]float64{}
	total := 0.0
	for i, k := range all {
		texts[i] = map[string]float64{}
		for _, word := range words(k.Name) {
			texts[i][word] += nameWeight
		}
		for _, word := range words(k.Signature + " " + k.Doc + " " + strings.Join(k.Tools, " ")) {
			texts[i][word]++
		}
		for word, count := range texts[i] {
			lengths[i] += count
			containing[word]++
		}
		total += lengths[i]
	}
	var found []Match
	for i, k := range all {
		score := 0.0
		for _, word := range slices.Compact(slices.Sorted(slices.Values(words(query)))) {
			count := texts[i][word]
			if count == 0 {
				continue
			}
			rarity := math.Log(1 + (float64(len(all))-containing[word]+0.5)/(containing[word]+0.5))
			score += rarity * count * (saturation + 1) / (count + saturation*(1-lengthBias+lengthBias*lengths[i]*float64(len(all))/total))
		}
		if score > 0 {
			found = append(found, Match{k, score})
		}
	}
	slices.SortStableFunc(found, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	return found[:min(n, len(found))], nil
}

// words are those of a text in lower case, identifiers taken apart; an s at the end is left off, so that one and many are the same.
func words(text string) (list []string) {
	var word []rune
	end := func() {
		if len(word) > 1 {
			w := string(word)
			if len(w) > 3 && !strings.HasSuffix(w, "ss") {
				w = strings.TrimSuffix(w, "s")
			}
			list = append(list, w)
		}
		word = word[:0]
	}
	lower := false
	for _, r := range text {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && lower:
			end()
			word = append(word, unicode.ToLower(r))
		default:
			word = append(word, unicode.ToLower(r))
		}
		lower = unicode.IsLower(r)
	}
	end()
	return list
}

// Prompt tells a model of the skills that suit a task best, at most n (0: 10): how to import them, and one line each. It is empty when there are none.
func (s *Store) Prompt(task string, n int) (string, error) {
	found, err := s.Search(task, n)
	if err != nil || len(found) == 0 {
		return "", err
	}
	var b strings.Builder
	b.WriteString("Functions that were tried and tested before (Python: from skills import NAME; JavaScript: await tools.skills.call({name: \"NAME\", args: [...]})):\n")
	for _, m := range found {
		doc, _, _ := strings.Cut(m.Skill.Doc, "\n")
		fmt.Fprintf(&b, "%s%s  # %s\n", m.Skill.Name, m.Skill.Signature, clip(doc, 200))
	}
	return b.String(), nil
}
