package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// Pace of answering sign-ups.
const (
	answerPoll   = time.Second           // for what another process took, and for what is held
	answerRest   = 50 * time.Millisecond // between two turns, so that one transaction answers many
	answerFailed = 5 * time.Second       // after an error
	answerPage   = 200                   // sign-ups in one transaction
	reserveEvery = 2 * time.Second       // between two looks at who may have of the reserve
	reserveWait  = 3 * time.Second       // until a network that floods has shown itself
	quietNetwork = 3                     // sign-ups an hour of a network (IPv4 /24, IPv6 /48) that gets of the reserve
	holdFor      = 24 * time.Hour        // then an owed mail is let go: nobody remembers having asked
)

// RunAnswers answers sign-ups until ctx ends: at once those of this process,
// those of others within a second. Any number of processes may run it.
func (s *Service) RunAnswers(ctx context.Context) error {
	tick := time.NewTicker(answerPoll)
	defer tick.Stop()
	var looked time.Time
	for {
		reserve := time.Since(looked) >= reserveEvery
		if reserve {
			looked = time.Now()
		}
		rest := answerRest
		if err := s.answerAll(ctx, reserve); err != nil && ctx.Err() == nil {
			s.Log.Error("sign-ups cannot be answered", "error", err)
			rest = answerFailed
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rest):
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.Taken:
		case <-tick.C:
		}
	}
}

// taken wakes RunAnswers of this process, if it runs.
func (s *Service) taken() {
	select {
	case s.Taken <- struct{}{}:
	default:
	}
}

// AnswerAll answers every sign-up that may be answered now.
func (s *Service) AnswerAll(ctx context.Context) error { return s.answerAll(ctx, true) }

func (s *Service) answerAll(ctx context.Context, reserve bool) error {
	var owed bool
	if err := s.DB.QueryRow(ctx, anythingOwed).Scan(&owed); err != nil {
		return fmt.Errorf("look for sign-ups to answer: %w", err)
	}
	for more := owed; more; {
		err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
			more, err = s.answer(ctx, tx, reserve)
			return err
		})
		if err != nil {
			return fmt.Errorf("answer sign-ups: %w", err)
		}
	}
	if owed && reserve {
		if err := postgres.AnalyzeGrown(ctx, s.DB, "signup", "address_limit", "request_limit"); err != nil {
			s.Log.Warn("statistics of sign-ups", "error", err)
		}
	}
	return nil
}

// answer answers a page of sign-ups and reports whether there may be more. The
// gate's lock makes it the only one that counts against the budget.
func (s *Service) answer(ctx context.Context, tx pgx.Tx, reserve bool) (more bool, err error) {
	var g gate
	err = tx.QueryRow(ctx, lockGate).Scan(&g.spent, &g.unattested, &g.empty)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil // another process answers
	}
	if err != nil {
		return false, err
	}
	now := s.Clock.Now()
	b, err := s.budget(ctx, tx, now)
	if err != nil {
		return false, err
	}
	a := &answering{Service: s, tx: tx, now: now, budget: b, asked: s.ProofOfWork.asks(g.spent != nil), mails: map[mailCount]int{}}
	if more, err = a.held(ctx); err != nil {
		return false, err
	}
	fresh, err := a.fresh(ctx)
	if err != nil {
		return false, err
	}
	if err := a.settle(ctx); err != nil {
		return false, err
	}
	if reserve && b.reserveRoom() > 0 {
		if err := a.quiet(ctx); err != nil {
			return false, err
		}
	}
	return more || fresh, s.judgeGate(ctx, tx, g, b, now)
}

// budget reads what was mailed in the last hour.
func (s *Service) budget(ctx context.Context, tx pgx.Tx, now time.Time) (*budget, error) {
	b := &budget{perHour: s.Budget, spent: map[share]int{}, domains: map[string]int{}}
	if b.perHour == 0 {
		b.perHour = DefaultBudget
	}
	minute := now.Truncate(time.Minute)
	rows, err := tx.Query(ctx, mailsOfTheHour, pgx.StrictNamedArgs{"minute": minute, "since": minute.Add(-budgetWindow)})
	if err != nil {
		return nil, err
	}
	var from share
	var domain string
	var count int
	var thisMinute *int
	_, err = pgx.ForEachRow(rows, []any{&from, &domain, &count, &thisMinute}, func() error {
		b.spent[from] += count
		b.domains[domain] += count
		if from == reserveShare && thisMinute != nil {
			b.minute += *thisMinute
		}
		return nil
	})
	return b, err
}
