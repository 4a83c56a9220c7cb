package runtime_test

import (
	"testing"

	"wand/compiler"
	"wand/modules"
	"wand/runtime"
)

// BenchmarkGuestOfASession is why sessions begin in the science guest where it is built: what their turns and forks cost in it, beside the plain guest.
func BenchmarkGuestOfASession(b *testing.B) {
	if _, err := modules.Find(runtime.ScienceGuest); err != nil {
		b.Skip("the science guest is not built: make guests SCIENCE=1")
	}
	rt, err := runtime.New(b.Context(), runtime.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer rt.Close(b.Context())
	turn := func(b *testing.B, s *runtime.Session, text string) {
		m, _, err := compiler.Compile(b.Context(), s.Source(text))
		if err != nil {
			b.Fatal(err)
		}
		if r, err := s.Run(b.Context(), m, runtime.TurnOptions{}); err != nil || r.Status != runtime.Completed {
			b.Fatal(err, r)
		}
	}
	for _, guest := range []string{"python", runtime.ScienceGuest} {
		begin := func(b *testing.B) *runtime.Session {
			s, err := rt.NewSession(b.Context(), runtime.SessionOptions{Guest: guest})
			if err != nil {
				b.Fatal(err)
			}
			return s
		}
		b.Run(guest+"/first turn", func(b *testing.B) {
			for b.Loop() {
				s := begin(b)
				turn(b, s, "x = 1")
				b.ReportMetric(float64(s.Usage().StateBytes)/1024, "KiB/session")
				s.Close()
			}
		})
		b.Run(guest+"/next turn", func(b *testing.B) {
			s := begin(b)
			defer s.Close()
			turn(b, s, "x = 1")
			for n := 0; b.Loop(); n++ {
				if n%500 == 499 {
					b.StopTimer()
					s.Close()
					s = begin(b)
					turn(b, s, "x = 1")
					b.StartTimer()
				}
				turn(b, s, "x += 1")
			}
		})
	}
}
