package server

import (
	"net/http"
	"time"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/httprate"

	"vistka/internal/ipblock"
)

// A first, cheap gate in memory, before any statement. The limits that decide
// are the domain's: shared by replicas, in Postgres.
const (
	limitWindow = 10 * time.Minute
	signUpLimit = 600 // sign-ups and hotline requests; far above the domain's: this one only spares the database
	codeLimit   = 60  // codes typed, mails asked for again, "this wasn't me"
	pingLimit   = 60  // pings of a site
	workLimit   = 600 // challenges: as many as sign-ups
)

type limits struct{ signUp, code, ping, work *httprate.RateLimiter }

func newLimits() *limits {
	return &limits{
		signUp: httprate.NewRateLimiter(signUpLimit, limitWindow),
		code:   httprate.NewRateLimiter(codeLimit, limitWindow),
		ping:   httprate.NewRateLimiter(pingLimit, limitWindow),
		work:   httprate.NewRateLimiter(workLimit, limitWindow),
	}
}

// host is what a reader counts under here.
func host(r *http.Request) string {
	h, _ := ipblock.Of(middleware.GetClientIPAddr(r.Context()))
	return h.String()
}

// known is false behind a proxy that is not trusted: nothing is counted then.
func known(r *http.Request) bool { return middleware.GetClientIPAddr(r.Context()).IsValid() }

func (l *limits) signUps(w http.ResponseWriter, r *http.Request) bool {
	return known(r) && l.signUp.OnLimit(discard{w}, r, host(r))
}

func (l *limits) codes(w http.ResponseWriter, r *http.Request) bool {
	return known(r) && l.code.OnLimit(discard{w}, r, host(r))
}

func (l *limits) pings(w http.ResponseWriter, r *http.Request) bool {
	return known(r) && l.ping.OnLimit(discard{w}, r, host(r))
}

func (l *limits) challenges(w http.ResponseWriter, r *http.Request) bool {
	return known(r) && l.work.OnLimit(discard{w}, r, host(r))
}

// discard keeps httprate's own headers from the answer: they would differ from
// one answer to the next.
type discard struct{ http.ResponseWriter }

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
