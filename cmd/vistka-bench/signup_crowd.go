package main

import (
	"context"
	"fmt"
	"io"
	"maps"
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
	status, _, err := c.form(ctx, fmt.Sprintf("reader-%d-%d@example.org", c.run, n), c.network(n), c.site)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("form %d of run %d: %s", n, c.run, http.StatusText(status))
	}
	return err
}

const formType = "application/x-www-form-urlencoded"

// form sends an address from a network, as a site's page does; without an
// origin the browser does not say which.
func (c *crowd) form(ctx context.Context, address, from, origin string) (status int, body string, err error) {
	return c.post(ctx, "/subscribe", formType, formOf(address, c.site, nil), from, origin)
}

// json is form as a program does it.
func (c *crowd) json(ctx context.Context, address, from, origin string) (status int, body string, err error) {
	text := fmt.Sprintf(`{"email":%[1]q,"kept":%[1]q,"newsletter":%[2]q,"lang":"en"}`, address, signupName)
	return c.post(ctx, "/api/v1/subscriptions", "application/json", text, from, origin)
}

// formOf is a filled-in form; who sends the address as kept means it.
func formOf(address, site string, more url.Values) string {
	form := url.Values{
		"newsletter": {signupName}, "lang": {"en"}, "article": {site + "/an-article"},
		"email": {address}, "kept": {address}, "website": {""},
	}
	maps.Copy(form, more)
	return form.Encode()
}

func (c *crowd) post(ctx context.Context, path, kind, body, from, origin string) (status int, answer string, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+path, strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("Content-Type", kind)
	if origin != "" {
		r.Header.Set("Origin", origin)
		r.Header.Set("Referer", origin+"/an-article")
	}
	r.Header.Set("X-Forwarded-For", from)
	resp, err := c.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	all, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(all), err
}

// eachOf does something n times, counting from 1, several at once. The first
// error ends it.
func eachOf(ctx context.Context, n int, do func(ctx context.Context, n int) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var count atomic.Int64
	var group sync.WaitGroup
	for range abuseConnections {
		group.Go(func() {
			for ctx.Err() == nil {
				i := int(count.Add(1))
				if i > n {
					return
				}
				if err := do(ctx, i); err != nil {
					stop(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// network spreads readers over the networks that the limits count: the n-th of
// a run has an IPv6 /48 of its own in the range kept for examples (RFC 3849),
// as far as there are, and then the next /64 of it.
func (c *crowd) network(n int) string {
	return fmt.Sprintf("2001:db8:%x:%x::1", n&0xffff, c.run<<8|n>>16)
}
