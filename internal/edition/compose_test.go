package edition

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/mailer"
	"vistka/internal/token"
)

// press records what it is asked to compose.
type press struct {
	got []mailer.EditionContent
	err error
}

func (p *press) CompileEdition(c mailer.EditionContent) (mailer.Compiled, error) {
	p.got = append(p.got, c)
	return mailer.Compiled{}, p.err
}

// What only a person can mend is not tried each minute for ever: the edition
// stands still, says why, and goes on once it was mended and resumed.
func TestEditionThatCannotBeComposedIsPaused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	keys, err := token.NewKeys("a secret long enough for a test of it, and more")
	if err != nil {
		t.Fatal(err)
	}
	p := &press{}
	s.svc.Keys, s.svc.Renderer = keys, p
	s.subscribe(2, 0, "instant")
	var told []delivery.Trouble
	s.svc.Alert = func(_ context.Context, _ pgx.Tx, t delivery.Trouble) { told = append(told, t) }
	for _, p.err = range []error{mailer.ErrSender, mailer.ErrTooLarge, errors.New("a slip of a template")} {
		s.publish(2, 0)
		s.run(2)
		id := int64(s.count(`SELECT max(id) FROM edition WHERE newsletter_id = $1`, s.letters[2]))
		if err := s.svc.Compose(t.Context(), id); !errors.Is(err, p.err) {
			t.Errorf("composing: %v", err)
		}
		e, err := s.svc.Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		helpless := errors.Is(p.err, mailer.ErrSender) || errors.Is(p.err, mailer.ErrTooLarge)
		if paused := e.State == "paused"; paused != helpless || paused && (e.Reason == nil || e.Reason.Name != p.err.Error()) {
			t.Errorf("%v: the edition is %s, reason %+v", p.err, e.State, e.Reason)
		}
		if helpless {
			want := delivery.Trouble{Cause: delivery.CauseEditionUnmade, Object: strconv.FormatInt(id, 10), Name: "N", Words: p.err.Error(), NewsletterID: e.NewsletterID}
			if len(told) != 1 || told[0] != want {
				t.Errorf("%v: told %+v, want %+v", p.err, told, want)
			}
		} else if len(told) != 0 {
			t.Errorf("%v: told %+v", p.err, told)
		}
		told = nil
		if !helpless {
			continue
		}
		p.err = nil
		if _, err := s.svc.Resume(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		if err := s.svc.Compose(t.Context(), id); err != nil {
			t.Errorf("composing once it is mended: %v", err)
		}
	}
}

func TestComposeOnce(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	keys, err := token.NewKeys("a secret long enough for a test of it, and more")
	if err != nil {
		t.Fatal(err)
	}
	p := &press{}
	s.svc.Keys, s.svc.Renderer = keys, p
	s.subscribe(2, 0, "monthly")
	for range 25 {
		s.publish(2, 0)
	}
	gone, _ := s.publish(2, 0)
	s.clock.Set(time.Date(2026, 4, 1, 5, 0, 0, 0, time.UTC))
	s.run(2)
	s.do(`UPDATE article SET withdrawn_at = $2 WHERE id = $1`, gone, s.clock.Now())
	edition := int64(s.count(`SELECT id FROM edition WHERE newsletter_id = $1`, s.letters[2]))
	for range 2 {
		if err := s.svc.Compose(t.Context(), edition); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.got) != 1 {
		t.Fatalf("composed %d times", len(p.got))
	}
	c := p.got[0]
	if len(c.Articles) != 20 || c.More != 5 || c.Articles[0].Title != "T25" || c.Kind != "monthly" || c.Locale != "uk" || c.Newsletter.FromAddress != "n@example.org" {
		t.Errorf("composed %d articles and %d more, first %q, %s, %s, from %s", len(c.Articles), c.More, c.Articles[0].Title, c.Kind, c.Locale, c.Newsletter.FromAddress)
	}
	s.want("bodies", s.count(`SELECT count(*) FROM edition_body WHERE edition_id = $1 AND key_id = $2`, edition, keys.Fingerprints()[0]), 1)
	if err := s.svc.Compose(t.Context(), edition+99); !errors.Is(err, ErrNotFound) {
		t.Errorf("composed what is not there: %v", err)
	}
}

// presses gives the stage what it needs to compose, and records it.
func (s *stage) presses() *press {
	s.t.Helper()
	keys, err := token.NewKeys("a secret long enough for a test of it, and more")
	if err != nil {
		s.t.Fatal(err)
	}
	p := &press{}
	s.svc.Keys, s.svc.Renderer = keys, p
	return p
}

// composed composes the newest edition of a letter.
func (s *stage) composed(p *press, letter int) mailer.EditionContent {
	s.t.Helper()
	id := int64(s.count(`SELECT max(id) FROM edition WHERE newsletter_id = $1`, s.letters[letter]))
	if err := s.svc.Compose(s.t.Context(), id); err != nil {
		s.t.Fatal(err)
	}
	return p.got[len(p.got)-1]
}

// The lead of an editor's choice comes first, the rest newest first.
func TestLeadComesFirst(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	p := s.presses()
	s.subscribe(2, 0, "daily")
	s.publish(2, 0)
	lead, _ := s.publish(2, 0)
	s.publish(2, 0)
	s.do(`UPDATE article SET lead = true WHERE id = $1`, lead)
	s.clock.Advance(24 * time.Hour)
	s.run(2)
	var titles []string
	for _, a := range s.composed(p, 2).Articles {
		titles = append(titles, a.Title)
	}
	if got := strings.Join(titles, " "); got != "T2 T3 T1" {
		t.Errorf("the order is %s", got)
	}
}

// A digest that holds what a missed one would have held says so, and no other does.
func TestDigestSaysThatOneWasMissed(t *testing.T) {
	t.Parallel()
	s := newStage(t) // 08:30 in Kyiv on 27 March
	p := s.presses()
	s.subscribe(2, 0, "daily")
	s.subscribe(2, 1, "daily")
	s.do(`UPDATE subscription SET zone = 'America/New_York', due_at = next_slot('daily', 'America/New_York', 8::int2, $2) WHERE subscriber_id = $1`, s.readers[1], s.clock.Now())
	s.publish(2, 0)
	s.clock.Set(time.Date(2026, 3, 27, 12, 0, 0, 0, time.UTC)) // eight in New York
	s.run(2)
	s.publish(2, 0)
	s.clock.Set(time.Date(2026, 3, 28, 13, 0, 0, 0, time.UTC)) // seven hours late in Kyiv, an hour in New York
	s.run(2)
	if c := s.composed(p, 2); c.Missed {
		t.Error("the digest of New York says that one was missed")
	}
	s.publish(2, 0)
	for day, missed := range []bool{true, false} {
		s.clock.Set(time.Date(2026, 3, 29+day, 5, 0, 0, 0, time.UTC)) // eight in Kyiv's summer
		s.run(2)
		if c := s.composed(p, 2); c.Missed != missed {
			t.Errorf("day %d: the digest of %d articles says missed %t", day, len(c.Articles), c.Missed)
		}
		s.publish(2, 0)
	}
}
