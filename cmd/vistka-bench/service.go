package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// service is a running `vistka serve`.
type service struct {
	*child
	url string // of its pages
}

const (
	readyPatience = 2 * time.Minute
	readyPoll     = 50 * time.Millisecond
	// calm is what a service gets after its start for the jobs that run then.
	calm = 3 * time.Second
)

// serve starts a service that mails through relay, and waits until it answers
// and is at rest. env are further settings, NAME=value.
func (l *lab) serve(ctx context.Context, relay string, env ...string) (*service, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	env = append(env, "VISTKA_LISTEN="+addr, "VISTKA_SMTP_URL="+relay)
	c, err := start(l.command([]string{"serve"}, env...))
	if err != nil {
		return nil, err
	}
	s := &service{child: c, url: "http://" + addr}
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *service) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyPatience, errors.New("vistka serve did not become ready"))
	defer cancel()
	for {
		if resp, err := http.Get(s.url + "/readyz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return pause(ctx, calm)
			}
		}
		if err := s.alive(); err != nil {
			return err
		}
		if err := pause(ctx, readyPoll); err != nil {
			return err
		}
	}
}

// ping tells the service, as a site does, that a feed has something new.
func (s *service) ping(feed string) error {
	resp, err := http.PostForm(s.url+"/hooks/ping", url.Values{"url": {feed}})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("ping %s: %s", feed, resp.Status)
	}
	return nil
}

// pause waits, or returns why ctx ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
