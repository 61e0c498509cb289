package subscriber

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// Preferences are what the long-lived link may show and set.
type Preferences struct {
	Reader
	Cadence     string
	Hour        int16 // local hour of digests, 0 to 23
	PausedUntil *time.Time
	DueAt       *time.Time // the next digest, or when a pause of an instant reader ends
	Topics      []string   // sorted; nil: everything
	Translations
}

// Saved are the settings of now, and those that the same press found.
type Saved struct {
	Preferences
	Before Preferences
}

// Changed reports whether the press set anything that was not so already.
func (s Saved) Changed() bool { return len(changes(s.Before, s.Preferences)) > 0 }

// Change is what the preference centre saves, everything at once.
type Change struct {
	Cadence     string
	Locale      string
	Zone        string
	Hour        int16
	PausedUntil *time.Time // nil or past: not paused
	Topics      []string   // nil: everything; empty is refused

	// Those of Translations; both empty: as they are.
	Preferred, Translation string
}

// Change is the one that keeps everything as it is.
func (p Preferences) Change() Change {
	c := Change{Cadence: p.Cadence, Locale: p.Locale, Zone: p.Zone, Hour: p.Hour, PausedUntil: p.PausedUntil, Topics: p.Topics}
	if p.Several() {
		c.Preferred, c.Translation = p.Preferred, p.Choice
	}
	return c
}

// at is the change as it is saved at a moment: a pause that is over is none.
func (c Change) at(now time.Time) Change {
	if c.PausedUntil != nil && !c.PausedUntil.After(now) {
		c.PausedUntil = nil
	}
	c.Topics = sorted(c.Topics)
	return c
}

// good reports whether every value is one that the page offers.
func (c Change) good(now time.Time) bool {
	return slices.Contains(newsletter.Cadences(), c.Cadence) && c.Hour >= 0 && c.Hour <= 23 && c.Locale != "" &&
		(c.PausedUntil == nil || c.PausedUntil.Sub(now) <= LongestPause) && goodTopics(c.Topics) && goodTranslations(c.Preferred, c.Translation)
}

// with is the settings after a change.
func (p Preferences) with(c Change) Preferences {
	p.Cadence, p.Locale, p.Zone, p.Hour, p.PausedUntil, p.Topics = c.Cadence, c.Locale, c.Zone, c.Hour, c.PausedUntil, c.Topics
	if c.Translation != "" {
		p.Preferred, p.Choice = c.Preferred, c.Translation
	}
	return p
}

// ChangedFrom says what is set now, and was not before.
func (p Preferences) ChangedFrom(before Change, l *locale.Locale, zone *time.Location) []string {
	var words []string
	for _, s := range changes(p.with(before), p) {
		words = append(words, s.words(l, zone))
	}
	return words
}

// Sum is equal for equal settings, short however many topics there are.
func (p Preferences) Sum() string {
	sum := sha256.New()
	for _, s := range changes(Preferences{}, p) {
		fmt.Fprintf(sum, "%q %q\n", s.What, s.To)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// ErrBadPreferences says that a value is not one the page offers.
var ErrBadPreferences = errors.New("subscriber: no such preference")

// ErrChangedSince says that a press cannot be taken back: the settings are no
// longer those that it made.
var ErrChangedSince = errors.New("subscriber: settings were changed since")

// LongestPause keeps a slip of the keyboard from pausing for a century. The page
// offers a year of the reader's calendar, which a leap day and a change of the
// clock make a little longer than 366 days.
const LongestPause = 367 * 24 * time.Hour

const (
	maxTopics = 200 // a reader's; far more than a page offers
	maxTopic  = 200 // octets
)

// goodTopics refuses a choice of nothing: whoever wants no article leaves or pauses.
func goodTopics(topics []string) bool {
	return topics == nil || len(topics) > 0 && len(topics) <= maxTopics &&
		!slices.ContainsFunc(topics, func(t string) bool { return t == "" || len(t) > maxTopic })
}

// sorted keeps nil, which means everything.
func sorted(topics []string) []string {
	if topics == nil {
		return nil
	}
	topics = slices.Clone(topics)
	slices.Sort(topics)
	return slices.Compact(topics)
}

// Preferences reads what the page shows. Returns token.ErrInvalid if the link
// is not one of ours, ErrNoReader if the reader is no longer stored.
func (s *Service) Preferences(ctx context.Context, link string) (Preferences, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Preferences, token.Unsubscribe)
	if err != nil {
		return Preferences{}, err
	}
	p, err := preferences(ctx, s.DB, newsletterID, subscriberID, s.Clock.Now())
	if err != nil {
		return p, fmt.Errorf("preferences of %d: %w", subscriberID, err)
	}
	return p, nil
}

// SavePreferences saves everything the page holds; where that is what holds
// already, nothing is written. Of two presses at once the second finds what the
// first made. Whoever becomes an instant reader gets at
// once what a digest would have brought. Returns token.ErrInvalid, ErrNoReader
// (also for one who has left) or ErrBadPreferences.
func (s *Service) SavePreferences(ctx context.Context, link string, c Change, ev Evidence) (Saved, error) {
	return s.savePreferences(ctx, link, ev, func(Preferences) (Change, error) { return c, nil })
}

// SaveChosen is SavePreferences for a page that may be older than the settings: of
// what was chosen on it, only what differs from what it showed is applied, to the
// settings as they are now.
func (s *Service) SaveChosen(ctx context.Context, link string, shown, chosen Change, ev Evidence) (Saved, error) {
	return s.savePreferences(ctx, link, ev, func(found Preferences) (Change, error) { return chosen.On(shown, found.Change()), nil })
}

// AdjustPreferences saves some of the settings and leaves the others as it finds
// them. Errors are those of SavePreferences.
func (s *Service) AdjustPreferences(ctx context.Context, link string, adjust func(*Change), ev Evidence) (Saved, error) {
	return s.savePreferences(ctx, link, ev, func(found Preferences) (Change, error) {
		c := found.Change()
		adjust(&c)
		return c, nil
	})
}

// UndoPreferences takes back a press: it saves the settings of before, if those
// of now still have the Sum of what the press made, or are those of before
// already. Returns ErrChangedSince if not, else what SavePreferences does.
func (s *Service) UndoPreferences(ctx context.Context, link, made string, before Change, ev Evidence) (Saved, error) {
	before = before.at(s.Clock.Now())
	return s.savePreferences(ctx, link, ev, func(found Preferences) (Change, error) {
		if found.Sum() != made && found.Sum() != found.with(before).Sum() {
			return Change{}, ErrChangedSince
		}
		return before, nil
	})
}

// chooser makes a change of the settings that are found under the lock.
type chooser func(found Preferences) (Change, error)

func (s *Service) savePreferences(ctx context.Context, link string, ev Evidence, choose chooser) (Saved, error) {
	newsletterID, subscriberID, err := s.reader(link, token.Preferences, token.Unsubscribe)
	if err != nil {
		return Saved{}, err
	}
	var p Saved
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		p, err = s.save(ctx, tx, newsletterID, subscriberID, choose, ev, s.Clock.Now())
		return err
	})
	if err != nil {
		return Saved{}, fmt.Errorf("save preferences of %d: %w", subscriberID, err)
	}
	return p, nil
}

func (s *Service) save(
	ctx context.Context, tx pgx.Tx, newsletterID, subscriberID int64, choose chooser, ev Evidence, now time.Time,
) (Saved, error) {
	// Locked, and read by the next statement: it sees what a press before made.
	if _, err := tx.Exec(ctx, lockSettings, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}); err != nil {
		return Saved{}, err
	}
	before, err := preferences(ctx, tx, newsletterID, subscriberID, now)
	if err != nil {
		return Saved{}, err
	}
	if before.Ended {
		return Saved{}, ErrNoReader
	}
	c, err := choose(before)
	if err != nil {
		return Saved{}, err
	}
	if c = c.at(now); !c.good(now) {
		return Saved{}, ErrBadPreferences
	}
	if unchanged := (Saved{Preferences: before.with(c), Before: before}); !unchanged.Changed() {
		return unchanged, nil
	}
	if c.Translation != "" {
		if err := s.saveTranslations(ctx, tx, subscriberID, c.Preferred, c.Translation, now); err != nil {
			return Saved{}, err
		}
	}
	tag, err := tx.Exec(ctx, savePreferences, pgx.StrictNamedArgs{
		"newsletter": newsletterID, "subscriber": subscriberID, "cadence": c.Cadence, "locale": c.Locale, "zone": c.Zone,
		"hour": c.Hour, "paused": c.PausedUntil, "topics": c.Topics, "now": now,
	})
	if pg := (*pgconn.PgError)(nil); errors.As(err, &pg) && (pg.ConstraintName == "subscription_zone_fkey" || pg.Code == "22023") {
		return Saved{}, ErrBadPreferences // a zone that Postgres does not know
	}
	if err != nil {
		return Saved{}, err
	}
	if tag.RowsAffected() == 0 {
		return Saved{}, ErrNoReader
	}
	_, address, err := readReader(ctx, tx, newsletterID, subscriberID)
	if err != nil {
		return Saved{}, err
	}
	p := Saved{Before: before}
	if p.Preferences, err = preferences(ctx, tx, newsletterID, subscriberID, now); err != nil {
		return p, err
	}
	err = s.consent(ctx, tx, newsletterID, address, c.Locale, consent{
		Kind: "changed", Source: "preferences: " + c.Cadence, Changes: changes(before, p.Preferences), At: now, Evidence: ev,
	})
	if err != nil {
		return p, err
	}
	if p.Cadence != newsletter.Instant || p.PausedUntil != nil {
		return p, nil
	}
	return p, s.changed(ctx, tx, newsletterID)
}

// preferences are the settings at a moment: a pause that is over is none.
func preferences(ctx context.Context, db postgres.DB, newsletterID, subscriberID int64, now time.Time) (Preferences, error) {
	r, _, err := readReader(ctx, db, newsletterID, subscriberID)
	if err != nil {
		return Preferences{}, err
	}
	p := Preferences{Reader: r}
	err = db.QueryRow(ctx, getPreferences, pgx.StrictNamedArgs{"newsletter": newsletterID, "subscriber": subscriberID}).
		Scan(&p.Cadence, &p.Hour, &p.PausedUntil, &p.DueAt, &p.Topics, &p.Languages, &p.Preferred, &p.Choice)
	if p.PausedUntil != nil && !p.PausedUntil.After(now) {
		p.PausedUntil = nil
	}
	return p, err
}
