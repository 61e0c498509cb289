package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// answerTime is how long posts for addresses of one state took.
type answerTime struct {
	State         string
	P50, P95, P99 float64 // milliseconds
	Welch         float64 // t against "new": beyond ±4 the two differ
}

// addressStates are what is known of an address; those of the second half are
// made of readers that were seeded.
var addressStates = []string{"new", "pending", "active", "ended", "suppressed", "bounced"}

// statesSeeded is how many states need readers.
const statesSeeded = 4

// answers measures the time of answers, the states in turn.
func (r *besieging) answers(ctx context.Context, c *crowd) error {
	r.lab.say("%d posts per state of an address", r.Timings)
	rows, err := r.lab.db.Query(ctx, sqlSeeded, pgx.StrictNamedArgs{"newsletter": signupName})
	if err != nil {
		return err
	}
	seeded, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	if _, err := r.lab.db.Exec(ctx, sqlEndSome); err != nil {
		return err
	}
	if _, err := r.lab.db.Exec(ctx, sqlSuppressSome); err != nil {
		return err
	}
	times := make([][]float64, len(addressStates))
	for n := range min(r.Timings, len(seeded)/statesSeeded) {
		for i := range addressStates {
			state := (i + n) % len(addressStates)
			address := fmt.Sprintf("new-%d@example.org", n)
			switch {
			case state == 1:
				address = fmt.Sprintf("pending-%d@example.org", n)
				if _, _, err := c.form(ctx, address, c.network(7_000_000+n), c.site); err != nil {
					return err
				}
			case state > 1:
				address = seeded[n*statesSeeded+state-2]
			}
			began := time.Now()
			status, _, err := c.form(ctx, address, c.network(n*len(addressStates)+i), c.site)
			if err := isOK(status, err); err != nil {
				return fmt.Errorf("%s: %w", addressStates[state], err)
			}
			times[state] = append(times[state], float64(time.Since(began).Microseconds())/1000)
		}
	}
	for i, state := range addressStates {
		t := welch(times[i], times[0])
		slices.Sort(times[i])
		r.got.Answers = append(r.got.Answers, answerTime{state, percentile(times[i], 50), percentile(times[i], 95), percentile(times[i], 99), t})
	}
	return nil
}

// welch is the statistic of Welch's t-test without the slowest twentieth of
// each: what hiccups on a shared machine says nothing of the address.
func welch(a, b []float64) float64 {
	trimmed := func(v []float64) (mean, variance, n float64) {
		v = slices.Sorted(slices.Values(v))
		v = v[:len(v)-len(v)/20]
		for _, x := range v {
			mean += x / float64(len(v))
		}
		for _, x := range v {
			variance += (x - mean) * (x - mean) / float64(len(v)-1)
		}
		return mean, variance, float64(len(v))
	}
	ma, va, na := trimmed(a)
	mb, vb, nb := trimmed(b)
	return (ma - mb) / math.Sqrt(va/na+vb/nb)
}

func (r *besieging) print(w io.Writer) error {
	g := r.got
	err := printTable(w, []string{"", "posts", "taken down", "mails", "at most"}, [][]string{
		{"one address", fmt.Sprint(g.Posts), "", fmt.Sprint(g.Mails), fmt.Sprint(oneAddressAllowed)},
		{"flood", fmt.Sprint(g.Flood), fmt.Sprint(g.Accepted), fmt.Sprint(g.FloodMails), fmt.Sprint(g.Budget)},
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nthe flood came at %.0f a second\na reader from elsewhere had the mail after %.1f s\none who had to press once more, after %.1f s\n\n",
		float64(g.Flood)/g.FloodSeconds, g.HonestSeconds, g.PressedSeconds)
	var rows [][]string
	for _, a := range g.Answers {
		rows = append(rows, []string{a.State, fmt.Sprintf("%.2f", a.P50), fmt.Sprintf("%.2f", a.P95), fmt.Sprintf("%.2f", a.P99), fmt.Sprintf("%.1f", a.Welch)})
	}
	return printTable(w, []string{"answer for", "p50 ms", "p95 ms", "p99 ms", "Welch's t to new"}, rows)
}
