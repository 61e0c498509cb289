package hotline

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/ipblock"
)

// Requests in a window by what ipblock.Of says: a person has one or two things
// to say.
const (
	window     = 10 * time.Minute
	perHost    = 5
	perNetwork = 20
	// From nowhere in particular (no Origin, no token of ours) comes an old
	// browser now and then, or a script.
	unattested = 60
	// Whoever pressed the button of our own page has shown more patience than a
	// script that posts blindly, and gets this many times as much.
	challengedFactor = 10
)

// RetryAfter is what to tell whoever gets TooMany.
const RetryAfter = window

// Decision is what a submission comes to.
type Decision string

const (
	Accepted  Decision = "accepted"  // stored
	Challenge Decision = "challenge" // not stored: show our own page with what was typed and one button
	TooMany   Decision = "too many"  // not stored, and no press on that page helps: HTTP 429
)

// count counts a submission and decides on it. What is counted is a hash under
// the day's salt, made here: the address itself reaches neither the database
// nor its log. Replicas share salt and counters.
func (s *Service) count(ctx context.Context, in Submission) (Decision, error) {
	now := s.Clock.Now()
	salt, err := s.salt(ctx, now.Truncate(24*time.Hour))
	if err != nil {
		return "", err
	}
	type limit struct{ plain, pressed int }
	most := map[string]limit{} // by hash
	add := func(what string, plain, pressed int) {
		m := hmac.New(sha256.New, salt)
		m.Write([]byte(what))
		most[string(m.Sum(nil))] = limit{plain, pressed}
	}
	if in.IP.IsValid() {
		host, network := ipblock.Of(in.IP)
		add("host "+host.String(), perHost, perHost*challengedFactor)
		add("network "+network.String(), perNetwork, perNetwork*challengedFactor)
	}
	if !in.Attested {
		add("unattested", unattested, math.MaxInt) // a press is no longer one of them
	}
	keys := make([][]byte, 0, len(most))
	for key := range most {
		keys = append(keys, []byte(key))
	}
	slices.SortFunc(keys, bytes.Compare) // one order for all: two requests never wait for each other's rows
	rows, err := s.DB.Query(ctx, sqlCount, pgx.StrictNamedArgs{"keys": keys, "bucket": now.Truncate(window)})
	if err != nil {
		return "", fmt.Errorf("count hotline request: %w", err)
	}
	decision := Accepted
	var key []byte
	var n int
	_, err = pgx.ForEachRow(rows, []any{&key, &n}, func() error {
		limit := most[string(key)]
		pressed := n // the count of a press on our own page: this one, else the next
		if !in.Challenged {
			pressed++
		}
		switch {
		case pressed > limit.pressed:
			decision = TooMany
		case !in.Challenged && n > limit.plain && decision == Accepted:
			decision = Challenge
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("count hotline request: %w", err)
	}
	return decision, nil
}

// salt is the day's, made by whoever needs it first.
func (s *Service) salt(ctx context.Context, day time.Time) ([]byte, error) {
	fresh := make([]byte, sha256.Size)
	_, _ = rand.Read(fresh) // never fails
	var salt []byte
	var err error
	for range 2 { // a row of another process may be there and not yet seen
		err = s.DB.QueryRow(ctx, sqlSalt, pgx.StrictNamedArgs{"day": day, "fresh": fresh}).Scan(&salt)
		if !errors.Is(err, pgx.ErrNoRows) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("salt of the day: %w", err)
	}
	return salt, nil
}
