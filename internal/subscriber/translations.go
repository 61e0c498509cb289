package subscriber

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// What somebody who reads a newsletter and its translation gets of a story that
// is here before it is in the language they prefer.
const (
	TranslationWait  = "wait"  // wait for it a while (the newsletter's Wait), then take it as it is
	TranslationFirst = "first" // take whichever comes first
	TranslationOnly  = "only"  // wait, then do without
)

// Translations are a person's choice about stories in several languages. It
// holds for all that they read.
type Translations struct {
	Languages []string // of the newsletters of this family that the person reads
	Preferred string   // the language a story is mailed in where there are several; none of Languages: no preference
	Choice    string   // TranslationWait, TranslationFirst or TranslationOnly
}

// Several says that there is something to choose.
func (t Translations) Several() bool { return len(t.Languages) > 1 }

// goodTranslations takes both or neither. Which languages there are to prefer
// the page knows, as it does for Change.Locale.
func goodTranslations(preferred, choice string) bool {
	if preferred == "" || choice == "" {
		return preferred == choice
	}
	return slices.Contains([]string{TranslationWait, TranslationFirst, TranslationOnly}, choice)
}

// saveTranslations changes the preferred language and what is done without it.
// What was waiting is decided about anew, at once.
func (s *Service) saveTranslations(ctx context.Context, tx pgx.Tx, subscriberID int64, preferred, choice string, now time.Time) error {
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
	return nil
}

// The words are those of the fan-out, which put these articles off: it looks at
// them again now and decides by what was chosen here.
const saveTranslations = `
WITH chosen AS (
    UPDATE subscriber
    SET locale = @preferred, translations = @choice
    WHERE id = @subscriber
      AND (locale, translations) <> (@preferred, @choice)
    RETURNING id),
waiting AS (
    UPDATE owed
    SET due_at = least(due_at, @now::timestamptz)
    WHERE subscriber_id IN (SELECT id FROM chosen)
      AND reason = 'waiting for the preferred language'
    RETURNING newsletter_id)
SELECT DISTINCT newsletter_id
FROM waiting
ORDER BY newsletter_id`
