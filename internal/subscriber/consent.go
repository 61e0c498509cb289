package subscriber

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
)

// Event is one consent event with what identifies the person, while kept.
type Event struct {
	At           time.Time
	NewsletterID int64
	Newsletter   string // slug
	Name         string // of the newsletter
	Language     string // of the newsletter
	Kind         string
	Source       string
	Wording      string
	Locale       string // in which the person was spoken to
	Address      string
	PageURL      string
	Article      string `db:"-"` // title of the article at PageURL, from who knows it; empty: none
	IP           string
	UserAgent    string
	Changes      []Setting
}

// What a Setting can be of.
const (
	setCadence      = "cadence"
	setLanguage     = "language"
	setTopics       = "topics" // none: all of them
	setPause        = "pause"  // until, RFC 3339; none: no pause
	setZone         = "zone"
	setHour         = "hour"
	setPreferred    = "preferred"    // language of a story that is there in several
	setTranslations = "translations" // TranslationWait, TranslationFirst or TranslationOnly
	setAddress      = "address"
)

// Setting is what a person set, and how it was before.
type Setting struct {
	What string   `json:"what"`
	From []string `json:"from"`
	To   []string `json:"to"`
}

// settings are those of a change that have another value than before.
func settings(all ...Setting) []Setting {
	return slices.DeleteFunc(all, func(s Setting) bool { return slices.Equal(s.From, s.To) })
}

func set(what, from, to string) Setting { return Setting{what, []string{from}, []string{to}} }

// changes tells what saving b over a changed.
func changes(a, b Preferences) []Setting {
	return settings(
		set(setCadence, a.Cadence, b.Cadence),
		set(setLanguage, a.Locale, b.Locale),
		Setting{setTopics, a.Topics, b.Topics},
		Setting{setPause, moment(a.PausedUntil), moment(b.PausedUntil)},
		set(setZone, a.Zone, b.Zone),
		set(setHour, strconv.Itoa(int(a.Hour)), strconv.Itoa(int(b.Hour))),
		set(setPreferred, a.Preferred, b.Preferred),
		set(setTranslations, a.Choice, b.Choice),
	)
}

func moment(t *time.Time) []string {
	if t == nil {
		return nil
	}
	return []string{t.UTC().Format(time.RFC3339)}
}

// WordingVersion names the words that somebody agreed to: the same words have
// the same version, wherever they stood.
func WordingVersion(words string) string {
	sum := sha256.Sum256([]byte(words))
	return hex.EncodeToString(sum[:4])
}

// consent is one event to be proved later.
type consent struct {
	Kind    string
	Source  string
	Changes []Setting
	At      time.Time
	Evidence
}

func (s *Service) consent(ctx context.Context, tx pgx.Tx, newsletterID int64, a emailaddr.Address, locale string, c consent) error {
	ev := c.clipped()
	changes, err := json.Marshal(append([]Setting{}, c.Changes...))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, addConsent, pgx.StrictNamedArgs{
		"hash": s.hash(a), "newsletter": newsletterID, "kind": c.Kind, "source": c.Source, "wording": ev.Wording,
		"locale": cmp.Or(ev.Locale, locale), "at": c.At, "address": a.String(), "page": ev.PageURL, "ip": addrOrNull(ev.IP), "agent": ev.UserAgent,
		"changes": changes,
	})
	return err
}

func eventsOf(ctx context.Context, db postgres.DB, hash []byte) ([]Event, error) {
	rows, err := db.Query(ctx, personEvents, pgx.StrictNamedArgs{"hash": hash})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Event])
}
