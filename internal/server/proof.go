package server

import (
	"errors"
	"log/slog"
	"net/http"

	"vistka/internal/altcha"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// How many numbers there are to try; half of them on average.
const (
	// quietWork is done before an address is typed: a tenth of a second on a
	// laptop, under one on a cheap telephone.
	quietWork = 100_000
	// hardWork is for attack mode: some seconds on that telephone spare its
	// reader a wait of an hour.
	hardWork = 500_000
)

// challengePath is where scripts get a challenge, widgets of other sites too.
const challengePath = "/api/v1/challenge"

// challenge gives work to whoever asks, and says nothing about anybody.
func (s *server) challenge(w http.ResponseWriter, r *http.Request) error {
	w.Header().Add("Vary", "Origin")
	if s.limits.challenges(w, r) {
		return errTooMany()
	}
	work, err := s.Subscribers.Work(r.Context())
	if err != nil {
		return err
	}
	if !work.Taken {
		return page.NotFound(nil)
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		listed, err := newsletter.OriginListed(r.Context(), s.DB, origin)
		if err != nil {
			return err
		}
		if listed {
			w.Header().Set("Access-Control-Allow-Origin", origin)
		}
	}
	most := int64(quietWork)
	if work.Hard {
		most = hardWork
	}
	return s.giveWork(w, most)
}

// giveWork answers with a challenge of at most so many numbers to try.
func (s *server) giveWork(w http.ResponseWriter, most int64) error {
	c, err := altcha.New(s.Keys, signupForm, most, s.Clock.Now())
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, "application/json", c)
}

// challengeFor is where a form's page gets its challenge; empty: none is asked
// for. The form works without, so that a failure to look is only noted.
func (s *server) challengeFor(r *http.Request) string {
	if s.Subscribers.ProofOfWork == subscriber.ProofAlways {
		return challengePath
	}
	work, err := s.Subscribers.Work(r.Context())
	if err != nil {
		page.Note(r, slog.String("challenge", err.Error()))
	}
	if !work.Asked {
		return ""
	}
	return challengePath
}

// proof is what a post's solution is worth: one that is wrong or late is none,
// for a reader who waited too long is no worse than one without scripts.
func (s *server) proof(r *http.Request, field string) altcha.Proof {
	if field == "" {
		return altcha.Proof{}
	}
	p, err := altcha.Verify(s.Keys, signupForm, field, s.Clock.Now())
	switch {
	case errors.Is(err, altcha.ErrExpired):
		page.Note(r, slog.String("proof", "expired"))
	case err != nil:
		page.Note(r, slog.String("proof", "invalid"))
	}
	return p
}
