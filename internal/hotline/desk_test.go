package hotline

import (
	"encoding/csv"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

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
	accounts := account.New(f.DB, keys, token.NewHasher(make([]byte, 32)), f.Clock, account.WithHashMemory(64))
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
	for _, phone := range []string{"0 800 123 456", "00380441234567", "12345"} {
		f.submit(callback(phone))
	}
	in = complaint("a call back, please")
	in.Contact = "0441234567"
	f.submit(in)
	f.do(Act{RequestID: 1, AccountID: desk, From: New, To: Closed, Note: "Done"})
	var out strings.Builder
	n, err := f.Export(t.Context(), &out, ExportFilter{BOM: true})
	if err != nil || n != 6 {
		t.Fatal(n, err)
	}
	text, ok := strings.CutPrefix(out.String(), "\ufeff")
	if !ok || !strings.Contains(text, "\r\n") {
		t.Error("no mark or no CRLF")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) != 7 {
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
	for row, want := range map[int]string{3: "'0 800 123 456", 4: "'00380441234567", 5: "'12345", 6: "'0441234567"} {
		if at(row, "phone")+at(row, "contact") != want {
			t.Errorf("a number that a spreadsheet would change: %q", rows[row])
		}
	}
	out.Reset()
	if n, err := f.Export(t.Context(), &out, ExportFilter{State: New}); n != 5 || err != nil {
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
