package hotline

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale/localetest"
	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
)

// fixture is an open hotline that records what it tells the desk.
type fixture struct {
	*Service
	t *testing.T

	log bytes.Buffer

	mu      sync.Mutex
	notices []Notice
}

func setUp(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t}
	catalog := localetest.Catalog(t)
	f.Service = &Service{
		Log: slog.New(slog.NewTextHandler(&f.log, nil)),
		DB:  pgtest.New(t), Catalog: catalog, Clock: postgres.NewTestClock(time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)),
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
		"words":         {callback("call me"), FieldErrors{"phone": keyPhoneLetters}},
		"short":         {callback("112"), FieldErrors{"phone": keyPhoneShort}},
		"long":          {callback(strings.Repeat("1", 16)), FieldErrors{"phone": keyPhoneLong}},
		"brackets":      {callback("0441234567" + strings.Repeat("(", maxLine)), FieldErrors{"phone": keyLong}},
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
	f.Clock.Advance(sameFor - time.Second)
	late := f.submit(complaint("late in the ten minutes"))
	f.Clock.Advance(time.Second)
	if again := f.submit(complaint("late in the ten minutes")); again != late {
		t.Error("pressed twice while the clock's next ten minutes began, it is two requests")
	}
	if again := f.submit(complaint("the very same")); again.Reference == got[0].Reference {
		t.Error("said again later, it is the same request still")
	}
}

// A mail that cannot be queued is told to the operator, without a word of what
// was typed. It is no reason to lose the request.
func TestARequestOutlivesItsMail(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Notify = func(ctx context.Context, tx pgx.Tx, _ Notice) error {
		_, err := tx.Exec(ctx, "SELECT 1 / 0") // which spoils what of the transaction is not shielded from it
		return err
	}
	got := f.submit(callback("0441234567"))
	if r, _, err := f.Get(t.Context(), 1); err != nil || r.Reference != got.Reference || r.Phone != "0441234567" {
		t.Errorf("%+v, %v", r, err)
	}
	if log := f.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "request=1") || !strings.Contains(log, "division by zero") || strings.Contains(log, "0441234567") {
		t.Errorf("in the log: %s", log)
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

// After a flood many are closed at once: each with its note, and none that a
// colleague has taken up meanwhile.
func TestClose(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	desk := f.account()
	var seen []Seen
	for i := range 5 {
		f.submit(callback("044123456" + string(rune('0'+i))))
		seen = append(seen, Seen{int64(i + 1), New})
	}
	f.do(Act{RequestID: 2, AccountID: desk, From: New, To: InProgress})
	f.do(Act{RequestID: 3, AccountID: desk, From: New, To: Closed})
	seen[2].State = Closed
	got, err := f.Close(t.Context(), f.DB, desk, append(seen[:4], Seen{99, New}))
	if err != nil || !slices.Equal(got, []int64{1, 4}) {
		t.Errorf("closed %v, %v", got, err)
	}
	counts, err := f.Counts(t.Context())
	if err != nil || counts[New] != 1 || counts[InProgress] != 1 || counts[Closed] != 3 {
		t.Errorf("%v, %v", counts, err)
	}
	if _, notes, err := f.Get(t.Context(), 4); err != nil || len(notes) != 1 || notes[0].State != Closed || notes[0].AccountID != desk {
		t.Errorf("%+v, %v", notes, err)
	}
	if got, err = f.Close(t.Context(), f.DB, desk, seen[:1]); err != nil || len(got) != 0 || f.count("SELECT count(*) FROM hotline_note WHERE request_id = 1") != 1 {
		t.Errorf("once more: %v, %v", got, err)
	}
}
