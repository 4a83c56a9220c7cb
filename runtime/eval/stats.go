package eval

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// PassAtK is the unbiased estimate of the probability that at least one of k samples passes, from n samples of which c passed (Chen et al., "Evaluating Large
// Language Models Trained on Code", 2021): 1 - C(n-c, k) / C(n, k). It is 0 for k < 1 and where there are no samples; with fewer than k samples there is no
// estimate, and ok is false.
func PassAtK(n, c, k int) (estimate float64, ok bool) {
	if k < 1 || n < k || c < 0 || c > n {
		return 0, false
	}
	if n-c < k {
		return 1, true
	}
	// As a product: the binomials themselves overflow.
	miss := 1.0
	for i := n - c + 1; i <= n; i++ {
		miss *= 1 - float64(k)/float64(i)
	}
	return 1 - miss, true
}

// Task is what the results of one problem's samples say together.
type Task struct {
	TaskID  string
	Results []*Result // in the order of the samples
	Passed  int
	// Clusters are the samples that behave alike, the best first.
	Clusters []Cluster
	// Vote is the cluster that most samples are in, by their values or else by their behaviour; nil when there is none.
	Vote *Cluster
}

// Cluster is a group of samples that behave alike: they pass the same tests, and where they fail they give the same values; or their programs have the same value.
type Cluster struct {
	Behaviour string // the matrix of the tests, or the value
	Members   []*Result
	// Score is CodeT's (Chen et al., 2022): how many samples agree, times how many tests they pass. It chooses among samples by tests that a model wrote too, which may
	// be wrong themselves: right samples agree with each other and with the right tests.
	Score int
}

// best is what to choose of a cluster: the sample that needed the least.
func (c Cluster) best() *Result {
	return slices.MinFunc(c.Members, func(a, b *Result) int { return cmp.Or(cmp.Compare(a.Fuel, b.Fuel), cmp.Compare(a.Index, b.Index)) })
}

// Best is the member of a cluster that used the least fuel.
func (c Cluster) Best() *Result {
	if len(c.Members) == 0 {
		return nil
	}
	return c.best()
}

// Summary is what results say together.
type Summary struct {
	Tasks    []Task // in the order of the samples
	Results  int
	Passed   int
	Outcomes map[Outcome]int
	Errors   map[string]int // by type, or kind where there is none
	Fuel     int64
	Reward   float64 // mean
}

// Summarise puts the results of samples together by task.
func Summarise(results []*Result) *Summary {
	s := &Summary{Outcomes: map[Outcome]int{}, Errors: map[string]int{}, Results: len(results)}
	byTask := map[string]*Task{}
	sorted := slices.SortedStableFunc(slices.Values(results), func(a, b *Result) int { return cmp.Compare(a.Index, b.Index) })
	var order []*Task
	for _, r := range sorted {
		t := byTask[r.TaskID]
		if t == nil {
			t = &Task{TaskID: r.TaskID}
			byTask[r.TaskID] = t
			order = append(order, t)
		}
		t.Results = append(t.Results, r)
		s.Outcomes[r.Outcome]++
		s.Fuel += r.Fuel
		s.Reward += r.Reward
		if r.Passed {
			t.Passed++
			s.Passed++
		}
		if r.Error != nil {
			s.Errors[cmp.Or(r.Error.Type, string(r.Error.Kind))]++
		}
	}
	if len(sorted) > 0 {
		s.Reward /= float64(len(sorted))
	}
	for _, t := range order {
		t.cluster()
		s.Tasks = append(s.Tasks, *t)
	}
	return s
}

// PassAt is the mean over the tasks of the estimates of pass@k. ok is false when some task has fewer than k samples.
func (s *Summary) PassAt(k int) (mean float64, ok bool) {
	for _, t := range s.Tasks {
		estimate, ok := PassAtK(len(t.Results), t.Passed, k)
		if !ok {
			return 0, false
		}
		mean += estimate
	}
	if len(s.Tasks) == 0 {
		return 0, false
	}
	return mean / float64(len(s.Tasks)), true
}

// behaviour is what two samples have to have in common to be alike; empty for one that gave nothing to compare.
func (r *Result) behaviour() string {
	switch {
	case len(r.Value) > 0:
		return canonical(r.Value)
	case r.Tests == nil || r.Outcome == Invalid:
		return ""
	}
	var b strings.Builder
	b.WriteString(r.Tests.Matrix)
	for _, f := range r.Tests.Failed {
		b.WriteString("\x00" + f.Got)
	}
	return b.String()
}

// cluster groups the samples of a task and votes.
func (t *Task) cluster() {
	groups := map[string]*Cluster{}
	for _, r := range t.Results {
		b := r.behaviour()
		if b == "" {
			continue
		}
		c := groups[b]
		if c == nil {
			shown := canonical(r.Value)
			if len(r.Value) == 0 {
				shown = r.Tests.Matrix
			}
			c = &Cluster{Behaviour: shown}
			groups[b] = c
		}
		c.Members = append(c.Members, r)
	}
	list := slices.Collect(maps.Values(groups))
	agree := map[string]int{} // CodeT compares which tests pass, and nothing else
	for _, c := range list {
		agree[passes(c.Behaviour, c.Members[0])] += len(c.Members)
	}
	for _, c := range list {
		tests := 1
		if m := c.Members[0]; m.Tests != nil && len(m.Value) == 0 {
			tests = m.Tests.Passed
		}
		c.Score = agree[passes(c.Behaviour, c.Members[0])] * tests
	}
	first := func(c *Cluster) int { return c.Members[0].Index }
	slices.SortFunc(list, func(a, b *Cluster) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(len(b.Members), len(a.Members)), cmp.Compare(first(a), first(b)))
	})
	for _, c := range list {
		t.Clusters = append(t.Clusters, *c)
	}
	for i := range t.Clusters {
		if c := &t.Clusters[i]; t.Vote == nil || len(c.Members) > len(t.Vote.Members) || len(c.Members) == len(t.Vote.Members) && c.Members[0].Index < t.Vote.Members[0].Index {
			t.Vote = c
		}
	}
}

// passes is which tests a cluster passes, and nothing of how it fails the others.
func passes(behaviour string, member *Result) string {
	if len(member.Value) > 0 {
		return behaviour
	}
	return strings.Map(func(r rune) rune {
		if r == '.' {
			return '.'
		}
		return 'F'
	}, behaviour)
}
