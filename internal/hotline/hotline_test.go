package hotline

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/token"
)

// fixture is an open hotline that records what it tells the desk.
type fixture struct {
	*Service
	t *testing.T

	mu      sync.Mutex
	notices []Notice
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t}
	f.Service = &Service{
		DB: pgtest.New(t), Clock: postgres.NewTestClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)),
		Notify: func(_ context.Context, _ pgx.Tx, n Notice) error {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.notices = append(f.notices, n)
			return nil
		},
	}
	f.save(Settings{Open: true, Desk: []string{"desk@example.org"}, DeskLocale: "uk", KeepDays: 90})
	return f
}

func (f *fixture) save(set Settings) {
	f.t.Helper()
	err := postgres.InTx(f.t.Context(), f.DB, func(tx pgx.Tx) error { return f.SaveSettings(f.t.Context(), tx, set) })
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) submit(in Submission) Receipt {
	f.t.Helper()
	got, err := f.Submit(f.t.Context(), in)
	if err != nil {
		f.t.Fatal(err)
	}
	return got
}

func (f *fixture) count(sql string) (n int) {
	f.t.Helper()
	if err := f.DB.QueryRow(f.t.Context(), sql).Scan(&n); err != nil {
		f.t.Fatal(err)
	}
	return n
}

func callback(phone string) Submission {
	return Submission{Request: Request{Kind: Callback, Language: "en", Name: "Nadia", Phone: phone, BestTime: "after six"}, Attested: true}
}

func complaint(text string) Submission {
	return Submission{Request: Request{Kind: Complaint, Language: "uk", Subject: "A correction", Text: text, Contact: "nadia@example.org"}, Attested: true}
}

var referenceForm = regexp.MustCompile(`^[0-9]{4}-[0-9]{4}$`)

func TestSubmit(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	first := f.submit(callback(" +380 44\u00a0123-45-67 "))
	second := f.submit(complaint("First line\r\nsecond\x00 line \xff"))
	if !referenceForm.MatchString(first.Reference) || !referenceForm.MatchString(second.Reference) || first.Reference == second.Reference {
		t.Errorf("references %q and %q", first.Reference, second.Reference)
	}
	want := []Notice{
		{RequestID: 1, Reference: first.Reference, Kind: Callback, Address: "desk@example.org", Locale: "uk"},
		{RequestID: 2, Reference: second.Reference, Kind: Complaint, Address: "desk@example.org", Locale: "uk"},
	}
	if !reflect.DeepEqual(f.notices, want) {
		t.Errorf("the desk was told %+v", f.notices)
	}
	got, _, err := f.Get(t.Context(), 1)
	if err != nil || got.Phone != "+380 44 123-45-67" || got.Dial() != "+380441234567" || got.State != New {
		t.Errorf("%+v, %v", got, err)
	}
	if got, _, err = f.Get(t.Context(), 2); err != nil || got.Text != "First line\nsecond line \uFFFD" {
		t.Errorf("%q, %v", got.Text, err)
	}
	if n := f.count("SELECT (SELECT count(*) FROM signup) + (SELECT count(*) FROM subscriber)"); n != 0 {
		t.Error("somebody was signed up")
	}
}

func TestSubmitNamesTheFields(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for name, c := range map[string]struct {
		in   Submission
		want FieldErrors
	}{
		"no phone":      {callback("  "), FieldErrors{"phone": keyPhoneEmpty}},
		"words":         {callback("call me"), FieldErrors{"phone": keyPhone}},
		"short":         {callback("112"), FieldErrors{"phone": keyPhone}},
		"long":          {callback(strings.Repeat("1", 16)), FieldErrors{"phone": keyPhone}},
		"plus inside":   {callback("380+441234567"), FieldErrors{"phone": keyPhone}},
		"empty":         {Submission{Request: Request{Kind: Complaint}}, FieldErrors{"subject": keySubjectEmpty, "text": keyTextEmpty}},
		"too much text": {complaint(strings.Repeat("ї", MaxText+1)), FieldErrors{"text": keyTextLong}},
		"a long name":   {Submission{Request: Request{Kind: Callback, Phone: "0441234567", Name: strings.Repeat("н", maxLine+1)}}, FieldErrors{"name": keyLong}},
	} {
		_, err := f.Submit(t.Context(), c.in)
		var got FieldErrors
		if !errors.As(err, &got) || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := f.Submit(t.Context(), complaint(strings.Repeat("ї", MaxText))); err != nil {
		t.Errorf("as much as is promised: %v", err)
	}
	for _, phone := range []string{"044 123 45 67", "+38 (044) 123-45-67", "+1.202.555.0100", "12345"} {
		if _, err := f.Submit(t.Context(), callback(phone)); err != nil {
			t.Errorf("%s: %v", phone, err)
		}
	}
}

func TestShut(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.save(Settings{KeepDays: 90})
	if _, err := f.Submit(t.Context(), callback("0441234567")); !errors.Is(err, ErrShut) {
		t.Errorf("taken though shut: %v", err)
	}
}

// A second press, or both at once, makes one request and one mail.
func TestTheSameWordsAreOneRequest(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	var wg sync.WaitGroup
	got := make([]Receipt, 4)
	for i := range got {
		wg.Go(func() {
			var err error
			if got[i], err = f.Submit(context.WithoutCancel(t.Context()), complaint("the very same")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, r := range got {
		if r != got[0] {
			t.Errorf("%v and %v", r, got[0])
		}
	}
	if n := f.count("SELECT count(*) FROM hotline_request"); n != 1 || len(f.notices) != 1 {
		t.Errorf("%d requests, %d mails", n, len(f.notices))
	}
	f.Clock.Advance(sameFor)
	if again := f.submit(complaint("the very same")); again.Reference == got[0].Reference {
		t.Error("said again later, it is the same request still")
	}
}

// A request whose mail cannot be queued is not there either.
func TestRequestAndMailAreOne(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Notify = func(context.Context, pgx.Tx, Notice) error { return errors.New("no room") }
	if _, err := f.Submit(t.Context(), callback("0441234567")); err == nil {
		t.Error("accepted")
	}
	if n := f.count("SELECT count(*) FROM hotline_request"); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	phone := 1_000_000
	try := func(ip string, challenged, attested bool) Decision {
		t.Helper()
		phone++
		in := callback(fmt.Sprint(phone))
		in.Challenged, in.Attested = challenged, attested
		if ip != "" {
			in.IP = netip.MustParseAddr(ip)
		}
		return f.submit(in).Decision
	}
	for range perHost {
		if got := try("192.0.2.7", false, true); got != Accepted {
			t.Fatal(got)
		}
	}
	if got := try("192.0.2.7", false, true); got != Challenge {
		t.Errorf("one more from the same host: %s", got)
	}
	if got := try("192.0.2.8", false, true); got != Accepted {
		t.Errorf("a neighbour: %s", got)
	}
	if got := try("192.0.2.7", true, true); got != Accepted {
		t.Errorf("after a press on our own page: %s", got)
	}
	for range perHost*challengedFactor - perHost - 2 {
		try("192.0.2.7", true, true)
	}
	if got := try("192.0.2.7", true, true); got != TooMany {
		t.Errorf("pressing all day: %s", got)
	}
	for range perHost {
		try("2001:db8::1", false, true)
	}
	if got := try("2001:db8::ffff:1", false, true); got != Challenge {
		t.Errorf("the same /64: %s", got)
	}
	for range unattested {
		if got := try("", false, false); got != Accepted {
			t.Fatalf("from nowhere: %s", got)
		}
	}
	if got := try("203.0.113.9", false, false); got != Challenge {
		t.Errorf("too many from nowhere: %s", got)
	}
	if got := try("203.0.113.9", true, true); got != Accepted {
		t.Errorf("an honest person meanwhile: %s", got)
	}
	f.Clock.Advance(window)
	if got := try("192.0.2.7", false, true); got != Accepted {
		t.Errorf("ten minutes later: %s", got)
	}
}

// Nothing that is stored tells an address, and the key to the counters is gone
// once their day is.
func TestCountersForget(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	in := callback("0441234567")
	in.IP = netip.MustParseAddr("192.0.2.77")
	f.submit(in)
	for _, table := range []string{"hotline_limit", "hotline_salt", "hotline_request"} {
		if f.count("SELECT count(*) FROM "+table) == 0 {
			t.Errorf("%s is empty: nothing is shown by what follows", table)
		}
		if n := f.count("SELECT count(*) FROM " + table + " AS r WHERE r::text ~ '192[.]0[.]2|3139322e302e32|c000024d'"); n != 0 { // also as octets
			t.Errorf("%s holds the address", table)
		}
	}
	if n := f.count(`SELECT count(*) FROM pg_class WHERE relname IN ('hotline_limit', 'hotline_salt') AND relpersistence = 'u'`); n != 2 {
		t.Error("salt and counters would reach the log and every backup")
	}
	if _, err := f.Purge(t.Context()); err != nil || f.count("SELECT count(*) FROM hotline_salt") != 1 {
		t.Errorf("gone within its day: %v", err)
	}
	f.Clock.Advance(15 * time.Hour) // past midnight
	if _, err := f.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.count("SELECT (SELECT count(*) FROM hotline_limit) + (SELECT count(*) FROM hotline_salt)"); n != 0 {
		t.Errorf("%d rows of yesterday", n)
	}
}

func TestADeskIsNotBuriedInMail(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for i := range deskMails + 5 {
		f.submit(complaint(fmt.Sprint("number ", i)))
	}
	if n := f.count("SELECT count(*) FROM hotline_request"); n != deskMails+5 || len(f.notices) != deskMails {
		t.Errorf("%d requests, %d mails", n, len(f.notices))
	}
	f.Clock.Advance(time.Hour)
	f.submit(complaint("an hour later"))
	if len(f.notices) != deskMails+1 {
		t.Error("the desk is not told any more")
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	desk := f.account()
	f.submit(callback("0441234567"))
	f.do(Act{RequestID: 1, AccountID: desk, From: New, To: InProgress, Note: "called, no answer"})
	f.Clock.Advance(80 * 24 * time.Hour)
	f.submit(callback("0447654321"))
	f.Clock.Advance(10*24*time.Hour - time.Minute)
	if n, err := f.Purge(t.Context()); n != 0 || err != nil {
		t.Errorf("purged %d before its time, %v", n, err)
	}
	f.Clock.Advance(2 * time.Minute)
	if n, err := f.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("purged %d, %v", n, err)
	}
	if f.count("SELECT count(*) FROM hotline_note") != 0 || f.count("SELECT min(id) FROM hotline_request") != 2 {
		t.Error("a note outlived its request, or the wrong one went")
	}
	f.save(Settings{Open: true, KeepDays: 5})
	if n, err := f.Purge(t.Context()); n != 1 || err != nil {
		t.Errorf("a shorter time: purged %d, %v", n, err)
	}
}

func (f *fixture) account() int64 {
	f.t.Helper()
	keys, err := token.NewKeys("a secret key for tests only")
	if err != nil {
		f.t.Fatal(err)
	}
	accounts := account.New(f.DB, keys, token.NewHasher(make([]byte, 32)), f.Clock)
	a, err := accounts.Create(f.t.Context(), account.NewAccount{
		Address: "desk@example.org", Name: "Desk", Password: "four quiet herons wade", Role: account.Viewer, Locale: "en", Hotline: true,
	})
	if err != nil {
		f.t.Fatal(err)
	}
	return a.ID
}

func (f *fixture) do(a Act) {
	f.t.Helper()
	if err := f.Do(f.t.Context(), f.DB, a); err != nil {
		f.t.Fatal(err)
	}
}

func TestDesk(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	desk := f.account()
	f.submit(callback("+380 44 123 45 67"))
	ref := f.submit(complaint("They named my source")).Reference
	f.submit(callback("0990000000"))
	ids := func(filter Filter) (out []int64) {
		t.Helper()
		filter.Limit = 2
		for {
			list, next, err := f.List(t.Context(), filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range list {
				out = append(out, r.ID)
			}
			if filter.Before = next; next == 0 {
				return out
			}
		}
	}
	for what, c := range map[string]struct {
		f    Filter
		want []int64
	}{
		"all":         {Filter{}, []int64{3, 2, 1}},
		"kind":        {Filter{Kind: Complaint}, []int64{2}},
		"words":       {Filter{Query: "my SOURCE"}, []int64{2}},
		"reference":   {Filter{Query: strings.ReplaceAll(ref, "-", " ")}, []int64{2}},
		"phone":       {Filter{Query: "(044) 123-45"}, []int64{1}},
		"not a regex": {Filter{Query: "%"}, nil},
		"closed":      {Filter{State: Closed}, nil},
	} {
		if got := ids(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v", what, got)
		}
	}
	f.do(Act{RequestID: 2, AccountID: desk, From: New, To: InProgress})
	f.do(Act{RequestID: 2, AccountID: desk, From: InProgress, To: InProgress, Note: "asked the author"})
	if err := f.Do(t.Context(), f.DB, Act{RequestID: 2, AccountID: desk, From: New, To: Closed, Note: "late"}); !errors.Is(err, ErrState) {
		t.Errorf("a colleague was faster: %v", err)
	}
	if err := f.Do(t.Context(), f.DB, Act{RequestID: 9, AccountID: desk, From: New, To: Closed}); !errors.Is(err, ErrNotFound) {
		t.Errorf("not there: %v", err)
	}
	var fields FieldErrors
	if err := f.Do(t.Context(), f.DB, Act{RequestID: 2, AccountID: desk, From: InProgress, To: InProgress, Note: " "}); !errors.As(err, &fields) {
		t.Errorf("nothing to do: %v", err)
	}
	r, notes, err := f.Get(t.Context(), 2)
	if err != nil || r.State != InProgress || len(notes) != 2 || notes[0].State != InProgress || notes[1].State != "" || notes[1].Text != "asked the author" {
		t.Errorf("%+v %+v %v", r, notes, err)
	}
	counts, err := f.Counts(t.Context())
	if fresh, err := f.CountNew(t.Context()); err != nil || fresh != 2 {
		t.Errorf("%d new, %v", fresh, err)
	}
	if err != nil || counts[New] != 2 || counts[InProgress] != 1 {
		t.Errorf("%v, %v", counts, err)
	}
	if err := f.Erase(t.Context(), f.DB, 2); err != nil || f.count("SELECT count(*) FROM hotline_note") != 0 {
		t.Errorf("erase: %v", err)
	}
	if _, _, err := f.Get(t.Context(), 2); !errors.Is(err, ErrNotFound) {
		t.Errorf("still there: %v", err)
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	desk := f.account()
	f.submit(callback("+380 44 123 45 67"))
	in := complaint("=HYPERLINK(\"x\")\nsecond, \"line\"")
	in.Subject, in.Contact = "@all", "-1"
	f.submit(in)
	f.do(Act{RequestID: 1, AccountID: desk, From: New, To: Closed, Note: "Done"})
	var out strings.Builder
	n, err := f.Export(t.Context(), &out, ExportFilter{BOM: true})
	if err != nil || n != 2 {
		t.Fatal(n, err)
	}
	text, ok := strings.CutPrefix(out.String(), "\ufeff")
	if !ok || !strings.Contains(text, "\r\n") {
		t.Error("no mark or no CRLF")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatal(rows, err)
	}
	at := func(row int, column string) string { return rows[row][slices.Index(exportHeader, column)] }
	for column, want := range map[string]string{
		"phone": "'+380 44 123 45 67", "state": "closed", "notes": "2026-11-23T09:00Z [closed] Done", "received_at": "2026-11-23T09:00:00Z", "name": "Nadia",
	} {
		if got := at(1, column); got != want {
			t.Errorf("%s is %q", column, got)
		}
	}
	if at(2, "subject") != "'@all" || at(2, "contact") != "'-1" || !strings.HasPrefix(at(2, "text"), "'=HYPERLINK") || !strings.Contains(at(2, "text"), "\nsecond, \"line\"") {
		t.Errorf("%q", rows[2])
	}
	out.Reset()
	if n, err := f.Export(t.Context(), &out, ExportFilter{State: New}); n != 1 || err != nil {
		t.Errorf("only the new: %d, %v", n, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.save(Settings{
		Open: true, Phone: " +380 44 000 00 00 ", Hours: map[string]string{"uk": " цілодобово ", "en": " "},
		Desk: []string{" a@example.org", "", "a@example.org"}, DeskLocale: "en", KeepDays: 30,
	})
	got, err := f.Settings(t.Context())
	if err != nil || got.Phone != "+380 44 000 00 00" || !reflect.DeepEqual(got.Hours, map[string]string{"uk": "цілодобово"}) ||
		!reflect.DeepEqual(got.Desk, []string{"a@example.org"}) || got.KeepDays != 30 || got.SavedAt == nil {
		t.Errorf("%+v, %v", got, err)
	}
	err = postgres.InTx(t.Context(), f.DB, func(tx pgx.Tx) error {
		return f.SaveSettings(t.Context(), tx, Settings{
			Phone: "soon", Desk: []string{"desk"}, Elsewhere: map[string]string{"en": strings.Repeat("x", maxWords+1)},
		})
	})
	var fields FieldErrors
	if !errors.As(err, &fields) || len(fields) != 4 {
		t.Errorf("%v", err)
	}
}

// A reference that is taken is no reason to lose a request.
func TestATakenReferenceIsNotGivenAgain(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	first := f.submit(callback("0441234567"))
	_, err := f.DB.Exec(t.Context(), `INSERT INTO hotline_request (reference, digest, kind, language, phone, created_at)
		VALUES ($1, 'another', 'callback', 'en', '12345', now())`, first.Reference)
	if err == nil {
		t.Error("the same reference twice")
	}
	seen := map[string]bool{}
	for range 1000 {
		r := NewReference()
		if !referenceForm.MatchString(r) {
			t.Fatalf("%q", r)
		}
		seen[r] = true
	}
	if len(seen) < 990 {
		t.Errorf("only %d of 1000 differ", len(seen))
	}
}
