package edition

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
)

// Progress is how far an edition is at a moment.
type Progress struct {
	Edition
	Counts  Counts
	Rate    float64       // mails handed over a second, over the last minute
	Left    time.Duration // until the queue is empty at this rate; 0: cannot be told
	NextTry *time.Time    // when the first of the deferred is due
}

// rateSpan is what the rate is measured over: long enough to even out a relay's
// breath, short enough to notice that it stopped.
const rateSpan = time.Minute

// Moving says that the edition is to be looked at again: something of it may
// still change by itself.
func (p Progress) Moving() bool {
	return (p.State == "open" || p.State == "paused") && p.Counts.Waiting() > 0
}

// Progress counts an edition's deliveries and measures how fast they go out.
// Returns ErrNotFound.
func (s *Service) Progress(ctx context.Context, editionID int64) (Progress, error) {
	e, err := s.Get(ctx, editionID)
	if err != nil {
		return Progress{}, err
	}
	counts, err := s.Counts(ctx, []int64{editionID})
	if err != nil {
		return Progress{}, err
	}
	p := Progress{Edition: e, Counts: counts[editionID]}
	if !p.Moving() {
		return p, nil
	}
	now := s.Clock.Now()
	var n int64
	var first *time.Time
	args := pgx.StrictNamedArgs{"edition": editionID, "since": now.Add(-rateSpan)}
	if err := s.DB.QueryRow(ctx, sqlPace, args).Scan(&n, &first, &p.NextTry); err != nil {
		return Progress{}, fmt.Errorf("progress of edition %d: %w", editionID, err)
	}
	if n > 0 {
		p.Rate = float64(n) / max(now.Sub(*first), time.Second).Seconds()
		p.Left = time.Duration(float64(p.Counts["queued"]+p.Counts["sending"]) / p.Rate * float64(time.Second))
	}
	return p, nil
}

// Say tells how fast it goes out and how long it will take; empty where there
// is nothing to go out.
func (p Progress) Say(l *locale.Locale) string {
	if p.State != "open" || p.Counts["queued"]+p.Counts["sending"] == 0 {
		return ""
	}
	if p.Rate == 0 {
		return l.T("edition.pace.still")
	}
	words := []string{l.N("edition.pace.rate", int(math.Ceil(p.Rate*60)))}
	switch minutes := int(math.Round(p.Left.Minutes())); {
	case p.Left < time.Minute:
		words = append(words, l.T("edition.pace.soon"))
	case minutes < 120:
		words = append(words, l.N("edition.pace.minutes", minutes))
	default:
		words = append(words, l.N("edition.pace.hours", int(math.Round(p.Left.Hours()))))
	}
	return strings.Join(words, " ")
}
