package subscriber

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Where each column that holds something about a person stands in what the
// person is given; what begins with "not: " is left out, for the reason that
// follows. A column that is in neither has been forgotten.
var columnsOfPersons = map[string]string{
	"subscriber.id":           "subscriber.id",
	"subscriber.address":      "subscriber.address",
	"subscriber.address_key":  "not: the address as it is compared",
	"subscriber.address_hash": "not: the address as it is looked up",
	"subscriber.provider_id":  "subscriber.mail_provider",
	"subscriber.locale":       "subscriber.language",
	"subscriber.translations": "subscriber.translations",
	"subscriber.created_at":   "subscriber.created_at",
	"subscriber.kept_at":      "subscriber.address_kept_at",

	"subscription.newsletter_id": "subscriptions.newsletter",
	"subscription.subscriber_id": "subscriber.id",
	"subscription.state":         "subscriptions.state",
	"subscription.cadence":       "subscriptions.cadence",
	"subscription.topics":        "subscriptions.topics",
	"subscription.locale":        "subscriptions.language",
	"subscription.zone":          "subscriptions.timezone",
	"subscription.hour":          "subscriptions.hour",
	"subscription.seen_seq":      "subscriptions.articles_settled",
	"subscription.paused_until":  "subscriptions.paused_until",
	"subscription.due_at":        "subscriptions.next_due_at",
	"subscription.provider_id":   "subscriber.mail_provider",
	"subscription.created_at":    "subscriptions.created_at",
	"subscription.ended_at":      "subscriptions.ended_at",
	"subscription.end_source":    "subscriptions.end_source",

	"owed.newsletter_id": "articles_owed.newsletter",
	"owed.subscriber_id": "subscriber.id",
	"owed.article_id":    "articles_owed.article",
	"owed.due_at":        "articles_owed.due_at",
	"owed.reason":        "articles_owed.reason",

	"signup.id":            "not: a number of ours, which the links are made of",
	"signup.newsletter_id": "signups.newsletter",
	"signup.address":       "signups.address",
	"signup.address_key":   "not: the address as it is compared",
	"signup.locale":        "signups.language",
	"signup.generation":    "not: a number of ours, which the links are made of",
	"signup.article_url":   "signups.article",
	"signup.page_url":      "signups.page",
	"signup.wording":       "signups.wording",
	"signup.attested":      "signups.origin_known",
	"signup.proven":        "signups.proven",
	"signup.ip":            "signups.ip",
	"signup.user_agent":    "signups.user_agent",
	"signup.created_at":    "signups.created_at",
	"signup.expires_at":    "signups.expires_at",
	"signup.confirmed_at":  "signups.confirmed_at",
	"signup.subscriber_id": "subscriber.id",
	"signup.code_tries":    "signups.code_tries",
	"signup.mail_due_at":   "signups.mail_due_at",
	"signup.held":          "signups.mail_held_for",
	"signup.held_domain":   "subscriber.mail_provider",

	"consent_event.id":            "not: a number of ours",
	"consent_event.address_hash":  "not: the address as it is looked up",
	"consent_event.newsletter_id": "consent.newsletter",
	"consent_event.kind":          "consent.kind",
	"consent_event.source":        "consent.source",
	"consent_event.wording":       "consent.wording",
	"consent_event.locale":        "consent.language",
	"consent_event.at":            "consent.at",
	"consent_person.event_id":     "not: a number of ours",
	"consent_person.address":      "consent.address",
	"consent_person.page_url":     "consent.page",
	"consent_person.ip":           "consent.ip",
	"consent_person.user_agent":   "consent.user_agent",
	"consent_person.changes":      "consent.changes",

	"suppression.address_hash": "not: the address as it is looked up",
	"suppression.reason":       "suppression.reason",
	"suppression.detail":       "suppression.detail",
	"suppression.at":           "suppression.at",

	"delivery.month":         "mails_with_articles.slot",
	"delivery.edition_id":    "mails_with_articles.kind",
	"delivery.subscriber_id": "subscriber.id",
	"delivery.newsletter_id": "mails_with_articles.newsletter",
	"delivery.provider_id":   "subscriber.mail_provider",
	"delivery.state":         "mails_with_articles.state",
	"delivery.tries":         "mails_with_articles.tries",
	"delivery.doubts":        "mails_with_articles.tries_in_doubt",
	"delivery.relay_id":      "not: which of our servers sent it",
	"delivery.fence":         "not: which of our processes sent it",
	"delivery.due_at":        "mails_with_articles.due_at",
	"delivery.settled_at":    "mails_with_articles.settled_at",
	"delivery.reply":         "mails_with_articles.reply",

	"attempt.month":         "mails_with_articles.slot",
	"attempt.edition_id":    "mails_with_articles.kind",
	"attempt.subscriber_id": "subscriber.id",
	"attempt.n":             "mails_with_articles.refusals.try",
	"attempt.at":            "mails_with_articles.refusals.at",
	"attempt.stage":         "mails_with_articles.refusals.stage",
	"attempt.code":          "mails_with_articles.refusals.code",
	"attempt.text":          "mails_with_articles.refusals.text",
	"attempt.charge":        "mails_with_articles.refusals.counts_as",

	"notice.id":            "not: a number of ours",
	"notice.kind":          "other_mails.kind",
	"notice.locale":        "other_mails.language",
	"notice.newsletter_id": "other_mails.newsletter",
	"notice.signup_id":     "not: a number of ours",
	"notice.subscriber_id": "subscriber.id",
	"notice.address":       "other_mails.address",
	"notice.content":       "other_mails.content",
	"notice.state":         "other_mails.state",
	"notice.tries":         "other_mails.tries",
	"notice.doubts":        "other_mails.tries_in_doubt",
	"notice.relay_id":      "not: which of our servers sent it",
	"notice.fence":         "not: which of our processes sent it",
	"notice.due_at":        "other_mails.due_at",
	"notice.composed_at":   "other_mails.composed_at",
	"notice.key_id":        "not: which of our keys signed its links",
	"notice.facts":         "not: the newsletter and the sign-up as they were when it was written",
	"notice.created_at":    "other_mails.created_at",
	"notice.settled_at":    "other_mails.settled_at",
	"notice.reply":         "other_mails.reply",

	"notice.hotline_request_id": "not: of a mail to the desk, which is about no reader",

	"address_change.id":            "not: a number of ours, which the links are made of",
	"address_change.subscriber_id": "subscriber.id",
	"address_change.newsletter_id": "address_changes.newsletter",
	"address_change.locale":        "address_changes.language",
	"address_change.state":         "address_changes.state",
	"address_change.address":       "address_changes.new_address",
	"address_change.address_key":   "not: the address as it is compared",
	"address_change.old_hash":      "not: the address as it is looked up",
	"address_change.asked_at":      "address_changes.asked_at",
	"address_change.expires_at":    "address_changes.expires_at",
	"address_change.settled_at":    "address_changes.settled_at",

	"address_limit.limit_key": "not: the address as it is looked up",
	"address_limit.kind":      "mail_limits.kind",
	"address_limit.at":        "mail_limits.at",

	"account.id":            "not: a number of ours",
	"account.address":       "account.address",
	"account.address_key":   "not: the address as it is compared",
	"account.name":          "account.name",
	"account.password_hash": "not: whoever reads it could guess the password",
	"account.role":          "account.role",
	"account.hotline":       "account.hotline",
	"account.locale":        "account.language",
	"account.created_at":    "account.created_at",
	"account.seen_at":       "account.seen_at",
	"account.disabled_at":   "account.disabled_at",
}

// tablesOfPersons are those with a column that names a person in one way or
// another, or that hangs on a row which does.
const tablesOfPersons = `
WITH RECURSIVE own AS (
    SELECT c.oid, c.relname
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p')
      AND NOT c.relispartition
      AND c.relnamespace = 'public'::regnamespace
), named AS (
    SELECT DISTINCT own.oid
    FROM own
    JOIN pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attname ~ '(^|_)(address|ip|user_agent|subscriber_id|signup_id|limit_key)($|_)' AND a.attname !~ '^(from|postal)_address$'
)
SELECT own.relname
FROM own
WHERE own.oid IN (SELECT oid FROM named)
   OR EXISTS (
       SELECT FROM pg_constraint k
       WHERE k.conrelid = own.oid AND k.contype = 'f' AND k.confrelid IN ('subscriber'::regclass, 'signup'::regclass, 'consent_event'::regclass))`

// Tables that such a column makes look as if they were about a reader.
var tablesOfNoReader = []string{
	"article_alternate",              // addresses of pages
	"request_limit", "hotline_limit", // networks, for an hour or a day
}

// Everything that is stored about a person is given to them, column by column.
func TestExportHoldsEveryColumn(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	rows, err := f.DB.Query(ctx, tablesOfPersons)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	tables = slices.DeleteFunc(tables, func(table string) bool { return slices.Contains(tablesOfNoReader, table) })
	rows, err = f.DB.Query(ctx, `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ANY ($1)`, tables)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}

	person := f.everythingAbout("nadia@example.org")
	for part := range person {
		for _, code := range []string{"en", "uk"} {
			if part != "read_me" && !words(t, code).Has("download."+part) {
				t.Errorf("nobody says in %s what %s is", code, part)
			}
		}
	}
	for _, column := range columns {
		place, known := columnsOfPersons[column]
		switch {
		case !known:
			t.Errorf("%s is in no export, and nobody said why", column)
		case !strings.HasPrefix(place, "not: ") && !has(person, strings.Split(place, ".")):
			t.Errorf("%s is said to be exported as %s, which is not there", column, place)
		}
	}
	for column := range columnsOfPersons {
		if !slices.Contains(columns, column) {
			t.Errorf("there is no %s", column)
		}
	}
}

// has reports whether a value, or each of a list, leads down a path. An empty
// list does not.
func has(v any, path []string) bool {
	switch v := v.(type) {
	case map[string]any:
		if len(path) == 0 {
			return true
		}
		below, ok := v[path[0]]
		return ok && has(below, path[1:])
	case []any:
		return len(path) == 0 || len(v) > 0 && !slices.ContainsFunc(v, func(e any) bool { return !has(e, path) })
	}
	return len(path) == 0
}

// everythingAbout exports a person of whom each table has a row.
func (f *fixture) everythingAbout(mailbox string) (person map[string]any) {
	f.t.Helper()
	ctx := context.Background()
	c := f.subscribe(mailbox)
	f.ask(c, mailbox, "another@example.net")
	hash := f.hash(address(f.t, mailbox))
	month := time.Date(start.Year(), start.Month(), 1, 0, 0, 0, 0, time.UTC)
	f.exec(`SELECT ensure_delivery_month($1)`, month)
	f.exec(`INSERT INTO suppression (address_hash, reason, at) VALUES ($1, 'not me', $2)`, hash, start)
	f.exec(`WITH st AS (INSERT INTO story DEFAULT VALUES RETURNING id)
		INSERT INTO article (newsletter_id, story_id, url, title, first_seen_at, updated_at, state, reason, seq, released_at)
		SELECT $1, id, 'https://example.org/a', 'A', $2, $2, 'released', '{"key": "reason.words"}', 1, $2 FROM st`, c.NewsletterID, start)
	f.exec(`INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason) SELECT $1, $2, id, $3, 'put off' FROM article`, c.NewsletterID, c.SubscriberID, start)
	f.exec(`INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at) SELECT $1, $2, 'instant', $3, 'uk', ARRAY[id], $3 FROM article`, month, c.NewsletterID, start)
	f.exec(`INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state) SELECT $1, e.id, r.id, e.newsletter_id, r.provider_id, 'failed' FROM edition e, subscriber r`, month)
	f.exec(`INSERT INTO attempt (month, edition_id, subscriber_id, n, at, stage, code, text) SELECT month, edition_id, subscriber_id, 1, $1, 'RCPT', 452, 'full' FROM delivery`, start)
	f.exec(`INSERT INTO notice (kind, locale, newsletter_id, subscriber_id, due_at, created_at) VALUES ('welcome', 'uk', $1, $2, $3, $3)`, c.NewsletterID, c.SubscriberID, start)
	f.exec(`INSERT INTO account (address, address_key, name, password_hash, role, locale, created_at) VALUES ($1, $1, 'Nadia', '', 'editor', 'uk', $2)`, mailbox, start)
	raw, err := f.ExportPerson(ctx, address(f.t, mailbox), words(f.t, "en"))
	if err != nil {
		f.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &person); err != nil {
		f.t.Fatal(err)
	}
	return person
}
