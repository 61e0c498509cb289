package subscriber

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
	"vistka/internal/suppression"
)

// SignupArgs is the job that follows a sign-up: it alone looks the address up.
type SignupArgs struct {
	SignupID int64 `json:"signup_id"`
	Mail     bool  `json:"mail"` // false: the address has had its share of mails, nothing is sent
}

// Kind names the job in River's tables.
func (SignupArgs) Kind() string { return "signup" }

type signupWorker struct {
	river.WorkerDefaults[SignupArgs]
	service *Service
}

// Work decides and queues in the transaction that completes the job, so that
// a retry cannot mail twice.
func (w *signupWorker) Work(ctx context.Context, job *river.Job[SignupArgs]) error {
	return postgres.InTx(ctx, w.service.DB, func(tx pgx.Tx) error {
		if err := w.service.answer(ctx, tx, job.Args); err != nil {
			return err
		}
		_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
		return err
	})
}

// Answer mails what a sign-up is answered with: to an active reader the
// settings, at most once a day; to a suppressed address nothing; to everybody
// else, the erased included, a confirmation.
func (s *Service) Answer(ctx context.Context, args SignupArgs) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error { return s.answer(ctx, tx, args) })
}

func (s *Service) answer(ctx context.Context, tx pgx.Tx, args SignupArgs) error {
	if !args.Mail {
		return nil
	}
	now := s.Clock.Now()
	rows, err := tx.Query(ctx, signupForNotice, pgx.StrictNamedArgs{"id": args.SignupID, "now": now})
	if err != nil {
		return fmt.Errorf("answer sign-up %d: %w", args.SignupID, err)
	}
	g, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct {
		NewsletterID, SubscriberID    int64
		Address, Locale, ReaderLocale string
		CreatedAt                     time.Time
		Archived, Over                bool
	}])
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // erased in the meantime
	}
	if err != nil {
		return fmt.Errorf("answer sign-up %d: %w", args.SignupID, err)
	}
	address, err := emailaddr.Parse(g.Address)
	if err != nil {
		return fmt.Errorf("answer sign-up %d: %w", args.SignupID, err)
	}
	reason, err := suppression.Has(ctx, tx, s.hash(address))
	if err != nil || reason.StopsConfirmation() || g.Archived {
		return err
	}
	if g.SubscriberID == 0 {
		if g.Over {
			return nil
		}
		return s.Notify(ctx, tx, Notice{
			Kind: NoticeConfirmation, Locale: g.Locale, NewsletterID: g.NewsletterID, SignupID: args.SignupID,
		})
	}
	first, err := s.claimSettings(ctx, tx, address, now)
	if err != nil || !first {
		return err
	}
	return s.Notify(ctx, tx, Notice{
		Kind: NoticeSettings, Locale: g.ReaderLocale, NewsletterID: g.NewsletterID, SubscriberID: g.SubscriberID,
		AskedAt: g.CreatedAt,
	})
}

// claimSettings takes the day's one settings mail of a mailbox.
func (s *Service) claimSettings(ctx context.Context, tx pgx.Tx, a emailaddr.Address, now time.Time) (bool, error) {
	limit := s.limitHash(a)
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(limit)}); err != nil {
		return false, fmt.Errorf("lock address limit: %w", err)
	}
	tag, err := tx.Exec(ctx, claimSettings, pgx.StrictNamedArgs{"limit": limit, "now": now, "since": now.Add(-settingsEvery)})
	if err != nil {
		return false, fmt.Errorf("claim settings mail: %w", err)
	}
	return tag.RowsAffected() == 1, nil
}
