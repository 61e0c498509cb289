package subscriber

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/token"
)

// What somebody who reads a newsletter and its translation gets of a story that
// is here before it is in the language they prefer.
const (
	TranslationWait  = "wait"  // wait for it a while (the newsletter's Wait), then take it as it is
	TranslationFirst = "first" // take whichever comes first
	TranslationOnly  = "only"  // wait, then do without
)

// Translations are a person's choice about stories in several languages. It
// holds for all that they read; where Languages has one, there is nothing to
// choose and the page need not ask.
type Translations struct {
	Languages []string // of the newsletters of this family that the person reads
	Preferred string   // the language a story is mailed in where there are several
	Choice    string   // TranslationWait, TranslationFirst or TranslationOnly
}

// Translations reads the choice of the person behind a link. Returns
// token.ErrInvalid or ErrNoReader.
func (s *Service) Translations(ctx context.Context, link string) (Translations, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Preferences, token.Unsubscribe)
	if err != nil {
		return Translations{}, err
	}
	var t Translations
	err = s.DB.QueryRow(ctx, getTranslations, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}).
		Scan(&t.Languages, &t.Preferred, &t.Choice)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoReader
	}
	if err != nil {
		return Translations{}, fmt.Errorf("translations of %d: %w", subscriberID, err)
	}
	return t, nil
}

// SaveTranslations changes the preferred language and what is done without it.
// What was waiting is decided about anew, at once. Returns token.ErrInvalid,
// ErrNoReader (also for one who has left), or ErrBadPreferences for a language
// that the person does not read or a choice that is none.
func (s *Service) SaveTranslations(ctx context.Context, link, preferred, choice string, ev Evidence) error {
	newsletterID, subscriberID, err := s.reader(link, token.Preferences, token.Unsubscribe)
	if err != nil {
		return err
	}
	t, err := s.Translations(ctx, link)
	if err != nil {
		return err
	}
	if !slices.Contains(t.Languages, preferred) || !slices.Contains([]string{TranslationWait, TranslationFirst, TranslationOnly}, choice) {
		return ErrBadPreferences
	}
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		now := s.Clock.Now()
		r, address, err := readReader(ctx, tx, newsletterID, subscriberID)
		if err == nil && r.Ended {
			err = ErrNoReader
		}
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, saveTranslations, pgx.StrictNamedArgs{"subscriber": subscriberID, "preferred": preferred, "choice": choice, "now": now})
		if err != nil {
			return err
		}
		waiting, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil {
			return err
		}
		for _, id := range waiting {
			if err := s.changed(ctx, tx, id); err != nil {
				return err
			}
		}
		return s.consent(ctx, tx, newsletterID, address, r.Locale, consent{
			Kind: "changed", Source: "translations: " + preferred + ", " + choice, At: now, Evidence: ev,
			Changes: settings(set(setPreferred, t.Preferred, preferred), set(setTranslations, t.Choice, choice)),
		})
	})
	if err != nil {
		return fmt.Errorf("save translations of %d: %w", subscriberID, err)
	}
	return nil
}

const (
	getTranslations = `
SELECT ARRAY(
        SELECT DISTINCT x.language
        FROM newsletter n
        JOIN newsletter x ON x.family_id = n.family_id
        JOIN subscription o ON o.newsletter_id = x.id AND o.subscriber_id = r.id
        WHERE n.id = s.newsletter_id
          AND o.state = 'active'
          AND x.archived_at IS NULL
        ORDER BY x.language),
    r.locale, r.translations
FROM subscription s
JOIN subscriber r ON r.id = s.subscriber_id
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = @subscriber`

	// The words are those of the fan-out, which put these articles off: it looks at
	// them again now and decides by what was chosen here.
	saveTranslations = `
WITH chosen AS (
    UPDATE subscriber
    SET locale = @preferred, translations = @choice
    WHERE id = @subscriber),
waiting AS (
    UPDATE owed
    SET due_at = least(due_at, @now::timestamptz)
    WHERE subscriber_id = @subscriber AND reason = 'waiting for the preferred language'
    RETURNING newsletter_id)
SELECT DISTINCT newsletter_id
FROM waiting
ORDER BY newsletter_id`
)
