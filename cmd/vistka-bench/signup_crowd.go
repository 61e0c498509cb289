package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// press lets so many do something again and again for a while, n counting
// from 1 over all of them, and measures. The first error ends it.
func press(ctx context.Context, connections int, during time.Duration, do func(ctx context.Context, who, n int) error) (got signupSample, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var count atomic.Int64
	times := make([][]float64, connections)
	var group sync.WaitGroup
	began, before := time.Now(), ownCPU()
	for who := range connections {
		group.Go(func() {
			for time.Since(began) < during && ctx.Err() == nil {
				begin := time.Now()
				if err := do(ctx, who, int(count.Add(1))); err != nil {
					stop(err)
					return
				}
				times[who] = append(times[who], time.Since(begin).Seconds())
			}
		})
	}
	group.Wait()
	if ctx.Err() != nil {
		return got, context.Cause(ctx)
	}
	took := time.Since(began).Seconds()
	all := slices.Sorted(slices.Values(slices.Concat(times...)))
	return signupSample{
		Count: len(all), Rate: float64(len(all)) / took, P50: percentile(all, 50), P99: percentile(all, 99),
		BenchCPU: (ownCPU() - before).Seconds(),
	}, nil
}

// ownCPU is the processor time this process has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd is readers of a site, each with an address and a network of their own.
type crowd struct {
	client *http.Client
	url    string // of the pages
	site   string // where the form stands
	run    int
}

const formPatience = 30 * time.Second

func newCrowd(pages, site string, run, connections int) *crowd {
	return &crowd{url: pages, site: site, run: run, client: &http.Client{
		Timeout:   formPatience,
		Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections},
	}}
}

// signUp sends the form of the n-th reader.
func (c *crowd) signUp(ctx context.Context, n int) error {
	address := fmt.Sprintf("reader-%d-%d@example.org", c.run, n)
	form := url.Values{
		"newsletter": {signupName}, "lang": {"en"}, "article": {c.site + "/an-article"},
		"email": {address}, "kept": {address}, "website": {""},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/subscribe", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", c.site)
	r.Header.Set("Referer", c.site+"/an-article")
	r.Header.Set("X-Forwarded-For", c.network(n))
	resp, err := c.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("form %d of run %d: %s", n, c.run, resp.Status)
	}
	return nil
}

// network spreads readers over the networks that the limits count: the n-th of
// a run has an IPv6 /48 of its own in the range kept for examples (RFC 3849),
// as far as there are, and then the next /64 of it.
func (c *crowd) network(n int) string {
	return fmt.Sprintf("2001:db8:%x:%x::1", n&0xffff, c.run<<8|n>>16)
}
