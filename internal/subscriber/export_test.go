package subscriber

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vistka/internal/newsletter"
	"vistka/internal/suppression"
)

func (f *fixture) export(filter ExportFilter) (string, [][]string) {
	f.t.Helper()
	var out bytes.Buffer
	n, err := f.Export(context.Background(), &out, filter)
	if err != nil {
		f.t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff"))).ReadAll()
	if err != nil {
		f.t.Fatal(err)
	}
	count, err := f.Count(context.Background(), filter)
	if err != nil || count != n || len(rows) != int(n)+1 {
		f.t.Errorf("%+v: %d rows written, %d told, %d counted, %v", filter, len(rows)-1, n, count, err)
	}
	return out.String(), rows
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	f.subscribe("=cmd|'/c'!a1@example.org")
	f.subscribe("'x@example.org")
	paused := f.subscribe("-paused@example.org")
	until := start.Add(48 * time.Hour)
	if _, err := f.Pause(ctx, paused.Preferences, until, Evidence{}); err != nil {
		t.Fatal(err)
	}
	ended := f.subscribe("надія@example.org")
	if _, err := f.Unsubscribe(ctx, ended.Preferences, FromHeader, Evidence{}); err != nil {
		t.Fatal(err)
	}
	f.suppress("надія@example.org", suppression.HardBounce)
	r := f.request("+pending@example.org")
	r.ArticleURL = "https://example.org/?a,\"b\"\nc"
	if _, err := f.SignUp(ctx, r); err != nil {
		t.Fatal(err)
	}

	text, rows := f.export(ExportFilter{BOM: true})
	if !strings.HasPrefix(text, "\ufeffaddress,newsletter,status,") || strings.Count(text, "\r\n") != 5 || strings.Count(text, "\n") != 5 {
		t.Errorf("export: %q", text)
	}
	got := map[string]string{}
	for _, row := range rows[1:] {
		got[row[0]] = strings.Join(row[1:], " ")
	}
	for address, want := range map[string]string{
		"'=cmd|'/c'!a1@example.org": "news active instant uk Europe/Kyiv 8 2026-11-23 09:00:00+00    ",
		"''x@example.org":           "news active instant uk Europe/Kyiv 8 2026-11-23 09:00:00+00    ",
		"'-paused@example.org":      "news paused instant uk Europe/Kyiv 8 2026-11-23 09:00:00+00 2026-11-25 09:00:00+00   ",
		"надія@example.org":         "news ended instant uk Europe/Kyiv 8 2026-11-23 09:00:00+00  2026-11-23 09:00:00+00 header hard bounce",
	} {
		if got[address] != want {
			t.Errorf("%s: %q, want %q", address, got[address], want)
		}
	}
	if text, _ := f.export(ExportFilter{Raw: true}); !strings.Contains(text, "\r\n=cmd") {
		t.Errorf("raw: %q", text)
	}
	for status, want := range map[string]int{StatusActive: 2, StatusPaused: 1, StatusEnded: 1, StatusPending: 1, "": 4} {
		if _, rows := f.export(ExportFilter{Newsletter: "news", Status: status}); len(rows)-1 != want {
			t.Errorf("status %q: %v", status, rows)
		}
	}
	if _, rows := f.export(ExportFilter{Status: StatusPending}); rows[1][0] != "'+pending@example.org" || rows[1][6] != r.ArticleURL {
		t.Errorf("pending: %q", rows[1])
	}
	for filter, want := range map[ExportFilter]error{
		{Newsletter: "x' OR '1'='1"}: newsletter.ErrNotFound,
		{Status: "all"}:              ErrBadStatus,
	} {
		if _, err := f.Export(ctx, io.Discard, filter); !errors.Is(err, want) {
			t.Errorf("%+v: %v", filter, err)
		}
	}
}

// halfway acts when the first bytes arrive, while COPY is running.
type halfway struct {
	bytes.Buffer
	act func()
}

func (h *halfway) Write(p []byte) (int, error) {
	if h.act != nil {
		h.act()
		h.act = nil
	}
	return h.Buffer.Write(p)
}

func TestExportIsOfOneSnapshot(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	const n = 30_000
	done := 0
	if err := f.Seed(context.Background(), f.news.ID, n, func(d int) { done = d }); err != nil {
		t.Fatal(err)
	}
	if err := f.Seed(context.Background(), f.news.ID, 100, nil); err != nil || done != n {
		t.Fatalf("seeding again: %v; progress %d", err, done)
	}
	out := &halfway{act: func() {
		f.exec("UPDATE subscription SET state = 'ended', ended_at = now()")
		f.exec("UPDATE newsletter SET slug = 'renamed'")
	}}
	rows, err := f.Export(context.Background(), out, ExportFilter{Newsletter: "news", Status: StatusActive})
	if err != nil || rows != n {
		t.Fatalf("%d rows, %v", rows, err)
	}
	text := out.String()
	if strings.Contains(text, "ended,") || strings.Contains(text, "renamed") || strings.Count(text, "\r\n") != n+1 {
		t.Error("the export shows what happened during it")
	}
	if !strings.Contains(text, "seed-000001@example.net,news,active") || f.number("SELECT count(*) FROM provider") != 3 {
		t.Error("the seeds are not as they should be")
	}
}

func TestExportStopsWithItsReader(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	if err := f.Seed(context.Background(), f.news.ID, 10_000, nil); err != nil {
		t.Fatal(err)
	}
	gone := errors.New("gone")
	if _, err := f.Export(context.Background(), failing{gone}, ExportFilter{}); !errors.Is(err, gone) {
		t.Errorf("export to a reader who left: %v", err)
	}
	if _, rows := f.export(ExportFilter{}); len(rows) != 10_001 {
		t.Errorf("the next export has %d rows", len(rows))
	}
}

type failing struct{ err error }

func (w failing) Write([]byte) (int, error) { return 0, w.err }

func TestCRLF(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(rapid.StringMatching("[a\",\n\r ]{0,5}"), 2, 2), 1, 5).Draw(t, "rows")
		quote := func(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }
		var in, want strings.Builder
		for _, r := range rows {
			fmt.Fprintf(&in, "%s,%s\n", quote(r[0]), quote(r[1]))
			fmt.Fprintf(&want, "%s,%s\r\n", quote(r[0]), quote(r[1]))
		}
		var out bytes.Buffer
		w := &crlf{w: &out}
		for rest := in.String(); rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "n")
			if _, err := w.Write([]byte(rest[:n])); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if out.String() != want.String() {
			t.Fatalf("got %q, want %q", out.String(), want.String())
		}
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	for i := range 7 {
		f.subscribe(fmt.Sprintf("reader_%d@example.org", i))
	}
	f.subscribe("readerx1@пошта.укр")
	var seen []string
	filter := Filter{Query: "READER_", Limit: 3}
	for pages := 0; ; pages++ {
		rows, next, err := f.Search(ctx, f.DB, filter)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			seen = append(seen, r.Address[7:8])
		}
		if next == "" {
			break
		}
		filter.Cursor = next
	}
	if got := strings.Join(seen, ""); got != "6543210" {
		t.Errorf("pages: %s", got)
	}
	for filter, want := range map[Filter]int{
		{Query: "пошта"}: 1, {Query: "xn--80a1acn3a"}: 1, {Query: "%"}: 0, {Newsletter: "other"}: 0, {Status: StatusPaused}: 0, {Status: StatusActive}: 8,
	} {
		if rows, _, err := f.Search(ctx, f.DB, filter); err != nil || len(rows) != want {
			t.Errorf("%+v: %d rows, %v", filter, len(rows), err)
		}
	}
	if _, _, err := f.Search(ctx, f.DB, Filter{Cursor: "1"}); !errors.Is(err, ErrBadCursor) {
		t.Errorf("a bad cursor: %v", err)
	}
	f.signUp("pending@example.org")
	if got, err := f.Totals(ctx, f.DB, f.news.ID); err != nil || got != (Totals{Active: 8, Pending: 1}) {
		t.Errorf("totals: %+v, %v", got, err)
	}
	if _, err := f.Get(ctx, f.DB, 999); !errors.Is(err, ErrNoReader) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestEraseLeavesNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	c := f.subscribe("Nadia@example.org")
	f.exec(`INSERT INTO notice (kind, locale, subscriber_id, due_at, created_at) VALUES ('welcome', 'uk', $1, $2, $2)`, c.SubscriberID, start)
	a := address(t, "Nadia@example.org")
	raw, err := f.ExportPerson(ctx, a, words(t, "en"))
	if err != nil {
		t.Fatal(err)
	}
	var person struct {
		Subscriber             struct{ Address string }
		Signups, Subscriptions []map[string]any
		Consent                []map[string]any
		OtherMails             []map[string]any `json:"other_mails"`
	}
	if err := json.Unmarshal(raw, &person); err != nil {
		t.Fatal(err)
	}
	if person.Subscriber.Address != "Nadia@example.org" || len(person.Signups) != 1 || len(person.Subscriptions) != 1 || len(person.Consent) != 2 || len(person.OtherMails) != 1 {
		t.Errorf("person: %s", raw)
	}

	if known, err := f.Erase(ctx, f.DB, a); err != nil || !known {
		t.Fatalf("erase: %t, %v", known, err)
	}
	if n := f.found("nadia"); n != 0 {
		t.Errorf("%d rows still know the address", n)
	}
	if n := f.number("SELECT count(*) FROM consent_event"); n != 3 {
		t.Errorf("%d consent events", n)
	}
	if r, err := suppression.Has(ctx, f.DB, f.hash(a)); err != nil || r != suppression.Erased {
		t.Errorf("suppressed as %q, %v", r, err)
	}
	if known, err := f.Erase(ctx, f.DB, a); err != nil || known {
		t.Errorf("erase again: %t, %v", known, err)
	}
}

func TestPurge(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	f.signUp("nadia@example.org")
	c := f.subscribe("olha@example.org")
	f.Clock.Advance(ConfirmWithin + purgeAfter)
	if n, err := f.Purge(ctx); err != nil || n != 0 {
		t.Errorf("purged %d in time, %v", n, err)
	}
	f.Clock.Advance(time.Second)
	f.signUp("later@example.org")
	if n, err := f.Purge(ctx); err != nil || n != 2 {
		t.Errorf("purged %d, %v", n, err)
	}
	if n := f.number("SELECT count(*) FROM signup_count WHERE requested = 2 AND confirmed = 1 AND expired = 1 AND article_url = 'https://example.org/a' AND day = '2026-11-23'"); n != 1 {
		t.Error("the counts are not kept")
	}
	if n := f.number("SELECT count(*) FROM signup_count"); n != 1 {
		t.Errorf("%d counters", n)
	}
	if n := f.number("SELECT count(*) FROM signup"); n != 1 {
		t.Errorf("%d sign-ups left", n)
	}
	if p, err := f.Preferences(ctx, c.Preferences); err != nil || p.Ended {
		t.Errorf("the subscriber: %+v, %v", p, err)
	}
	f.Clock.Advance(limitsKept + time.Second)
	if _, err := f.Purge(ctx); err != nil || f.number("SELECT count(*) FROM address_limit") != 0 {
		t.Errorf("limits are kept: %v", err)
	}
}
