package edition

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"vistka/internal/token"
)

func TestArchive(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	keys, err := token.NewKeys("a secret long enough for a test of it, and more")
	if err != nil {
		t.Fatal(err)
	}
	p := &press{}
	s.svc.Keys, s.svc.Renderer, s.svc.BaseURL = keys, p, "https://mail.example.org"
	s.subscribe(2, 0, "instant")
	s.subscribe(2, 1, "daily")
	var articles []int64
	for range 3 {
		a, _ := s.publish(2, 0)
		articles = append(articles, a)
		s.run(2)
		s.clock.Advance(time.Minute)
	}
	s.clock.Advance(24 * time.Hour)
	s.run(2) // the digest
	digest := int64(s.count(`SELECT id FROM edition WHERE newsletter_id = $1 AND kind = 'daily'`, s.letters[2]))
	first := int64(s.count(`SELECT id FROM edition WHERE newsletter_id = $1 AND kind = 'instant' AND article_ids = ARRAY[$2::bigint]`, s.letters[2], articles[0]))
	ctx := t.Context()

	if _, err := s.svc.Public(ctx, s.letters[2], first); !errors.Is(err, ErrNotFound) {
		t.Errorf("an edition of which no mail was made: %v", err)
	}
	rows, next, err := s.svc.Archive(ctx, s.letters[2], 0, 2)
	if err != nil || len(rows) != 2 || next != rows[1].Seq || rows[0].ID != articles[2] || rows[0].EditionID != 0 {
		t.Fatalf("%+v %d %v", rows, next, err)
	}
	if rows, next, err = s.svc.Archive(ctx, s.letters[2], next, 2); err != nil || len(rows) != 1 || next != 0 || rows[0].ID != articles[0] {
		t.Errorf("older: %+v %d %v", rows, next, err)
	}
	for _, id := range []int64{first, digest} {
		if err := s.svc.Compose(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.got[0]; got.ArchiveURL != "https://mail.example.org/archive/"+got.Newsletter.Slug || got.BrowserURL == "" {
		t.Errorf("the mail leads to %q and %q", got.BrowserURL, got.ArchiveURL)
	}
	s.do(`UPDATE newsletter SET public_archive = false WHERE id = $1`, s.letters[2])
	if err := s.svc.Compose(ctx, int64(s.count(`SELECT max(id) FROM edition WHERE newsletter_id = $1 AND kind = 'instant'`, s.letters[2]))); err != nil {
		t.Fatal(err)
	}
	if got := p.got[2]; got.ArchiveURL != "" || got.BrowserURL != "" {
		t.Errorf("without an archive the mail leads to %q and %q", got.BrowserURL, got.ArchiveURL)
	}
	s.do(`UPDATE newsletter SET public_archive = true WHERE id = $1`, s.letters[2])

	if rows, _, err = s.svc.Archive(ctx, s.letters[2], 0, 10); err != nil || rows[2].EditionID != first {
		t.Errorf("%+v %v: want edition %d", rows, err, first)
	}
	if _, err := s.svc.Public(ctx, s.letters[0], first); !errors.Is(err, ErrNotFound) {
		t.Errorf("an edition of another newsletter: %v", err)
	}
	if c, err := s.svc.Public(ctx, s.letters[2], digest); err != nil || len(c.Articles) != 3 || c.Kind != "daily" {
		t.Errorf("%+v %v", c, err)
	}
	mails, next, err := s.svc.MailedTo(ctx, s.readers[0], 0, 2)
	if err != nil || len(mails) != 2 || next != mails[1].EditionID || mails[0].State != "queued" || len(mails[0].Titles) != 1 {
		t.Errorf("%+v %d %v", mails, next, err)
	}
	if mails, _, err = s.svc.MailedTo(ctx, s.readers[1], 0, 10); err != nil || len(mails) != 1 || len(mails[0].Titles) != 3 || !mails[0].Archive {
		t.Errorf("%+v %v", mails, err)
	}
	if mails, _, err = s.svc.MailedTo(ctx, s.readers[2], 0, 10); err != nil || len(mails) != 0 {
		t.Errorf("somebody else's: %+v %v", mails, err)
	}

	// A page of them holds what was mailed in its time beside editions.
	s.do(`INSERT INTO notice (kind, content, locale, newsletter_id, subscriber_id, state, due_at, created_at)
		VALUES ('welcome', '{}', 'en', $1, $2, 'sent', $3, $3::timestamptz - interval '1 year'), ('link', '{"about": "receipt"}', 'en', $1, $2, 'sent', $3, $3::timestamptz + interval '1 hour'), ('welcome', '{}', 'en', $1, $4, 'sent', $3, $3)`,
		s.letters[2], s.readers[0], s.clock.Now(), s.readers[2])
	var kinds []string
	for before := int64(0); ; before = next {
		if mails, next, err = s.svc.MailedTo(ctx, s.readers[0], before, 2); err != nil {
			t.Fatal(err)
		}
		for _, m := range mails {
			kinds = append(kinds, m.Kind+m.About)
		}
		if next == 0 {
			break
		}
	}
	if got := strings.Join(kinds, " "); got != "linkreceipt instant instant instant welcome" {
		t.Errorf("everything mailed: %s", got)
	}

	// So are the mails of a change of address, which name another mailbox; what
	// became of one to a mailbox that has not proved to be the reader's is not told.
	s.do(`WITH c AS (
			INSERT INTO address_change (subscriber_id, newsletter_id, locale, state, address, address_key, old_hash, asked_at, expires_at, settled_at)
			VALUES ($1, $2, 'en', 'done', NULL, NULL, 'old', $3, $3, $3), ($1, $2, 'en', 'waiting', 'a@example.net', 'a@example.net', 'old', $3, $3, NULL),
				($4, $2, 'en', 'waiting', 'b@example.net', 'b@example.net', 'old', $3, $3, NULL)
			RETURNING id, state)
		INSERT INTO notice (kind, content, locale, newsletter_id, address, state, due_at, created_at)
		SELECT 'link', jsonb_build_object('about', about, 'change', c.id), 'en', $2, 'somebody@example.net', 'failed', $3, $3::timestamptz + make_interval(hours => c.id::int)
		FROM c, unnest(ARRAY['new address', 'old address']) AS about`, s.readers[1], s.letters[2], s.clock.Now(), s.readers[2])
	if mails, _, err = s.svc.MailedTo(ctx, s.readers[1], 0, 10); err != nil {
		t.Fatal(err)
	}
	kinds = nil
	for _, m := range mails {
		kinds = append(kinds, m.Kind+" "+m.About)
	}
	slices.Sort(kinds)
	if got := strings.Join(kinds, ", "); got != "daily , link new address, link old address, link old address" {
		t.Errorf("with changes of address: %s", got)
	}

	s.do(`UPDATE article SET withdrawn_at = $2 WHERE id = $1`, articles[0], s.clock.Now())
	if _, err := s.svc.Public(ctx, s.letters[2], first); !errors.Is(err, ErrNothingToMail) {
		t.Errorf("withdrawn: %v", err)
	}
	if c, err := s.svc.Public(ctx, s.letters[2], digest); err != nil || len(c.Articles) != 2 {
		t.Errorf("withdrawn from a digest: %+v %v", c, err)
	}
	if rows, _, err = s.svc.Archive(ctx, s.letters[2], 0, 10); err != nil || len(rows) != 2 {
		t.Errorf("withdrawn: %+v %v", rows, err)
	}
}
