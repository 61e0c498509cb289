package subscriber

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// Receipt is the proof of what somebody agreed to, newest first, for the
// reader behind a fresh link. Errors are those of Fresh.
func (s *Service) Receipt(ctx context.Context, link string) (Fresh, []Event, error) {
	f, err := s.Fresh(ctx, link)
	if err != nil {
		return f, nil, err
	}
	events, err := eventsOf(ctx, s.DB, s.hash(f.address))
	if err != nil {
		return f, nil, fmt.Errorf("receipt of %d: %w", f.SubscriberID, err)
	}
	return f, events, nil
}

// MailReceipt mails records to the reader behind a fresh link. While the same are
// on their way, or were sent a moment ago, no other mail is. It reports false where
// enough were mailed for now. Errors are those of Fresh.
func (s *Service) MailReceipt(ctx context.Context, link string, records []mailer.Record) (sent bool, err error) {
	f, err := s.Fresh(ctx, link)
	if err != nil {
		return false, err
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if sent, err = s.underWay(ctx, tx, f.SubscriberID, f.address, AboutReceipt, records); err != nil || sent {
			return err
		}
		if sent, err = s.claim(ctx, tx, s.limitHash(f.address), "receipt", linkLimits); err != nil || !sent {
			return err
		}
		return s.Notify(ctx, tx, Notice{
			Kind: NoticeLink, About: AboutReceipt, Locale: f.Locale, NewsletterID: f.NewsletterID, SubscriberID: f.SubscriberID, Records: records,
		})
	})
	if err != nil {
		return false, fmt.Errorf("mail receipt to %d: %w", f.SubscriberID, err)
	}
	return sent, nil
}

// Download is everything stored about the reader behind a fresh link, as
// ExportPerson gives it in l. Errors are those of Fresh.
func (s *Service) Download(ctx context.Context, link string, l *locale.Locale) ([]byte, error) {
	f, err := s.Fresh(ctx, link)
	if err != nil {
		return nil, err
	}
	return s.ExportPerson(ctx, f.address, l)
}

// EraseOwn erases the reader behind a fresh link, at once and for good: mail
// that is queued is cancelled by the sender's re-check. Errors are those of Fresh.
func (s *Service) EraseOwn(ctx context.Context, link string) error {
	f, err := s.Fresh(ctx, link)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if _, err := s.erase(ctx, tx, f.address, func() error { return s.stillOpen(ctx, tx, f) }); err != nil {
			return err
		}
		_, _, err := readReader(ctx, tx, f.NewsletterID, f.SubscriberID)
		switch {
		case errors.Is(err, ErrNoReader):
			return nil
		case err == nil: // the address was changed in this moment: the link was mailed to the one of before
			return ErrMoved
		default:
			return err
		}
	})
	if err != nil {
		return fmt.Errorf("erase %d: %w", f.SubscriberID, err)
	}
	return nil
}
