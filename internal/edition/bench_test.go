package edition

import (
	"testing"
	"time"
)

// BenchmarkFanOut makes the deliveries of an instant article and of a daily
// slot to 200,000 readers of a newsletter that has a sibling.
//
//	go test ./internal/edition -run NONE -bench FanOut -benchtime 1x
func BenchmarkFanOut(b *testing.B) {
	const readers = 200_000
	for _, cadence := range []string{"instant", "daily"} {
		b.Run(cadence, func(b *testing.B) {
			c := newCrowd(b, cadence, readers)
			b.ResetTimer()
			for range b.N {
				c.release(b)
				c.clock.Advance(time.Hour)
				r, err := c.svc.FanOut(b.Context(), 1)
				if err != nil || r.Deliveries != readers {
					b.Fatalf("%+v, %v", r, err)
				}
				c.clock.Advance(23 * time.Hour)
			}
			b.ReportMetric(float64(readers)*float64(b.N)/b.Elapsed().Seconds(), "deliveries/s")
		})
	}
}
