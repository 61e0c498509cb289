package hotline

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
)

// HoursField and ElsewhereField begin the names of the fields that are there once a
// language, and end in its code.
const HoursField, ElsewhereField = "hours_", "elsewhere_"

const (
	maxKeepDays = 3650
	maxWords    = 1000 // characters of the hours and of where to go instead
	maxDesk     = 20   // addresses
)

// Settings is how the hotline is set up.
type Settings struct {
	Open       bool              `db:"open"`      // the public pages are there
	Phone      string            `db:"phone"`     // empty: none is shown
	Hours      map[string]string `db:"hours"`     // in words, by language
	Elsewhere  map[string]string `db:"elsewhere"` // where to go instead, in words, by language
	Desk       []string          `db:"desk"`      // addresses that are mailed of a new request
	DeskKeys   []string          `db:"desk_keys"` // age recipients that those mails carry the text for; none: they leave it out
	DeskLocale string            `db:"desk_locale"`
	KeepDays   int               `db:"keep_days"`
	SavedAt    *time.Time        `db:"saved_at"` // nil: nobody has set it up
}

// Dial is the phone number for a tel: address; empty without a number.
func (s Settings) Dial() string { return Dial(s.Phone) }

// DeletedAt is when a request that came at t is deleted.
func (s Settings) DeletedAt(t time.Time) time.Time { return t.AddDate(0, 0, s.KeepDays) }

// Settings reads how the hotline is set up.
func (s *Service) Settings(ctx context.Context) (Settings, error) { return readSettings(ctx, s.DB) }

func readSettings(ctx context.Context, db postgres.DB) (Settings, error) {
	rows, err := db.Query(ctx, sqlSettings)
	if err != nil {
		return Settings{}, fmt.Errorf("read hotline settings: %w", err)
	}
	set, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Settings])
	if err != nil {
		return Settings{}, fmt.Errorf("read hotline settings: %w", err)
	}
	return set, nil
}

// SaveSettings stores set. Returns FieldErrors (phone, desk, desk_keys, keep_days,
// hours_ and elsewhere_ with the language's code) for what a person can mend.
func (s *Service) SaveSettings(ctx context.Context, tx pgx.Tx, set Settings) error {
	set = set.tidy()
	if errs := set.check(); len(errs) > 0 {
		return errs
	}
	_, err := tx.Exec(ctx, sqlSaveSettings, pgx.StrictNamedArgs{
		"open": set.Open, "phone": set.Phone, "hours": set.Hours, "elsewhere": set.Elsewhere, "desk": set.Desk,
		"desk_keys": set.DeskKeys, "desk_locale": set.DeskLocale, "keep_days": set.KeepDays, "now": s.Clock.Now(),
	})
	if err != nil {
		return fmt.Errorf("save hotline settings: %w", err)
	}
	return nil
}

func (set Settings) tidy() Settings {
	set.Phone = tidyPhone(set.Phone)
	for _, words := range []*map[string]string{&set.Hours, &set.Elsewhere} {
		kept := map[string]string{}
		for lang, text := range *words {
			if text = paragraphs(text); text != "" {
				kept[lang] = text
			}
		}
		*words = kept
	}
	set.Desk, set.DeskKeys = distinct(set.Desk), distinct(set.DeskKeys)
	return set
}

// distinct is list without space around its entries, empty ones and repetitions.
func distinct(list []string) []string {
	kept := []string{}
	for _, s := range list {
		if s = strings.TrimSpace(s); s != "" && !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}

func (set Settings) check() FieldErrors {
	errs := FieldErrors{}
	if set.Phone != "" && wrongPhone(set.Phone, minDeskDigits) != "" {
		errs["phone"] = keyDeskPhone
	}
	if len(set.Desk) > maxDesk || slices.ContainsFunc(set.Desk, func(a string) bool { _, err := emailaddr.Parse(a); return err != nil }) {
		errs["desk"] = keyDesk
	}
	if key := wrongDeskKeys(set.DeskKeys); key != "" {
		errs["desk_keys"] = key
	}
	if set.KeepDays < 1 || set.KeepDays > maxKeepDays {
		errs["keep_days"] = keyKeep
	}
	for field, words := range map[string]map[string]string{HoursField: set.Hours, ElsewhereField: set.Elsewhere} {
		for lang, text := range words {
			if utf8.RuneCountInString(text) > maxWords {
				errs[field+lang] = keyWordsLong
			}
		}
	}
	return errs
}
