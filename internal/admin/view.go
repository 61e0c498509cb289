package admin

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/guard"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
)

// frame is what the layout and every template need beside the page's body.
type frame struct {
	L       *locale.Locale
	Me      account.Account
	Path    string // this page, for the language switch
	Current string // the part of the navigation this page belongs to
	Zone    *time.Location
	Now     time.Time
	Flash   string // what the last act came to, in words
	FlashOK bool
	Codes   []page.Link
	Sending guard.State // anything but on is said on every page

	HotlineNew int64 // requests that wait for somebody to begin; 0 without the hotline right
}

// When is a moment as tables show it: sortable, the same in both languages.
func (f frame) When(t time.Time) string { return t.In(f.Zone).Format("2006-01-02\u00a015:04") }

// Clock says by whose clock every page tells its times.
func (f frame) Clock() string { return f.L.ClockName(f.Now.In(f.Zone)) }

// Day is the day of a moment, where the hour does not matter.
func (f frame) Day(t time.Time) string { return t.In(f.Zone).Format(time.DateOnly) }

// Exact is the moment for machines.
func (f frame) Exact(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// Ago is how long ago t was, or how far ahead, in whole units.
func (f frame) Ago(t time.Time) string {
	d, side := f.Now.Sub(t), "ago"
	begun := time.Duration(0) // of a unit: what is ahead takes all of it
	if d < 0 {
		d, side, begun = -d, "ahead", 1
	}
	whole := func(unit time.Duration) int { return int((d + begun*(unit-1)) / unit) }
	switch {
	case d < time.Minute:
		return f.L.T("admin." + side + ".now")
	case d < time.Hour:
		return f.L.N("admin."+side+".minutes", whole(time.Minute))
	case d < 48*time.Hour:
		return f.L.N("admin."+side+".hours", whole(time.Hour))
	}
	return f.L.N("admin."+side+".days", whole(24*time.Hour))
}

// Next is when what is due at t happens: what is overdue, in a moment.
func (f frame) Next(t time.Time) string {
	if t.Before(f.Now) {
		return f.L.T("admin.ahead.now")
	}
	return f.Ago(t)
}

// Num groups digits.
func (f frame) Num(n any) string {
	switch n := n.(type) {
	case int:
		return f.L.Number(n)
	case int64:
		return f.L.Number(int(n))
	}
	return ""
}

// May says whether this account may do what the role may.
func (f frame) May(role string) bool { return f.Me.Role.Allows(account.Role(role)) }

// Parts are those of the navigation this account may see, in order; "" is Home.
func (f frame) Parts() []string {
	parts := []string{"", "articles", "editions", "subscribers", "newsletters", "feeds"}
	if f.Me.Hotline {
		parts = slices.Insert(parts, 4, "hotline")
	}
	if f.Me.Role.Allows(account.Editor) {
		parts = append(parts, "export")
	}
	return parts
}

func (a *admin) locale(r *http.Request) *locale.Locale {
	if acc := me(r); acc.ID != 0 && a.Pages.Catalog().Has(acc.Locale) {
		return a.Pages.Catalog().For(acc.Locale)
	}
	return a.Pages.Locale(r)
}

// frame is what every page of this request shows of its own accord.
func (a *admin) frame(r *http.Request) (frame, error) {
	f := frame{L: a.locale(r), Me: me(r), Path: r.URL.RequestURI(), Current: section(r), Now: a.Clock.Now()}
	if r.Method == http.MethodPost {
		f.Path = r.URL.Path // a page that answers a post is addressed without its query
	}
	if f.Me.ID != 0 {
		s, err := guard.Read(r.Context(), a.DB)
		if err != nil {
			return f, err
		}
		f.Sending = s.State
	}
	if f.Me.Hotline {
		var err error
		if f.HotlineNew, err = a.Hotline.CountNew(r.Context()); err != nil {
			return f, err
		}
	}
	var err error
	f.Zone, err = a.zone(r)
	return f, err
}

// fragment writes the template admin/name, which stands without the layout. It
// takes no flash: that is for the page a person sees next.
func (a *admin) fragment(w http.ResponseWriter, r *http.Request, name string, body any) error {
	f, err := a.frame(r)
	if err != nil {
		return err
	}
	return a.Pages.Render(w, r, http.StatusOK, "admin/"+name, page.View{L: f.L, Nav: f, Body: body})
}

// render writes the template admin/name. title is a locale key, with args for its slots.
func (a *admin) render(w http.ResponseWriter, r *http.Request, status int, name, title string, body any, args ...any) error {
	f, err := a.frame(r)
	if err != nil {
		return err
	}
	l := f.L
	if flash := a.sessions.PopString(r.Context(), keyFlash); flash != "" {
		kind, key, _ := strings.Cut(flash, ":")
		f.Flash, f.FlashOK = l.T(key), kind == "good"
		if key, count, ok := strings.Cut(key, " "); ok {
			n, _ := strconv.Atoi(count) // written by sayN
			f.Flash = l.N(key, n)
		}
	}
	view := page.View{L: l, Title: l.T(title, args...), Site: page.Site{Name: "Vistka", URL: "/admin/"}, Wide: true, Stylesheet: "admin.css", Nav: f, Body: body}
	if f.Me.ID == 0 {
		view.Languages = a.Pages.Languages(r, l)
	} else {
		for _, other := range a.Pages.Catalog().All() {
			if other.Code() != l.Code() {
				f.Codes = append(f.Codes, page.Link{Code: other.Code(), Name: other.Name()})
			}
		}
		view.Nav = f
	}
	return a.Pages.Render(w, r, status, "admin/"+name, view)
}

// handle answers errors in the account's own language and surroundings.
func (a *admin) handle(h page.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			a.fail(w, r, err)
		}
	}
}

func (a *admin) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := a.Pages.AsError(err)
	if e.Key == "not_found" {
		err = &page.Error{Status: e.Status, Key: "admin_not_found", Err: e.Err}
	}
	if me(r).ID == 0 || e.Key == "away" { // nobody is known, or the frame's own query would fail too
		a.Pages.Fail(w, r, err)
		return
	}
	a.Pages.FailIn(w, r, err, func(e *page.Error, requestID string) error {
		return a.render(w, r, e.Status, "error", e.Title(), page.ErrorView{L: a.locale(r), Error: e, RequestID: requestID})
	})
}

func (a *admin) zone(r *http.Request) (*time.Location, error) {
	if me(r).ID == 0 {
		return time.UTC, nil
	}
	return newsletter.Zone(r.Context(), a.DB)
}

func section(r *http.Request) string {
	part, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/admin/"), "/")
	if part == "deliveries" || part == "sending" {
		return "editions"
	}
	return part
}

// say leaves words for the page that the answer leads to.
func (a *admin) say(w http.ResponseWriter, r *http.Request, ok bool, key, to string) error {
	kind := "bad"
	if ok {
		kind = "good"
	}
	a.sessions.Put(r.Context(), keyFlash, kind+":"+key)
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// sayN is say of a number of things that were done.
func (a *admin) sayN(w http.ResponseWriter, r *http.Request, key string, n int, to string) error {
	return a.say(w, r, true, key+" "+strconv.Itoa(n), to)
}

// record puts into the trail what has no transaction of its own to stand in: a
// refusal, a file that is streamed, what had to wait for a site.
func (a *admin) record(r *http.Request, act, object string, detail map[string]any) error {
	return account.Record(r.Context(), a.DB, account.Event{At: a.Clock.Now(), AccountID: me(r).ID, Act: act, Object: object, Detail: detail})
}

// recorded does what a person asked for and puts it into the trail, in one
// transaction: neither is there without the other.
func (a *admin) recorded(r *http.Request, act, object string, detail map[string]any, do func(tx pgx.Tx) error) error {
	return postgres.InTx(r.Context(), a.DB, func(tx pgx.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return account.Record(r.Context(), tx, account.Event{At: a.Clock.Now(), AccountID: me(r).ID, Act: act, Object: object, Detail: detail})
	})
}

func inWords(l *locale.Locale, keys map[string]string) map[string]string {
	out := make(map[string]string, len(keys))
	for field, key := range keys {
		out[field] = l.T(key)
	}
	return out
}

// pathID is the {id} of the address; anything else is not there.
func pathID(r *http.Request) (int64, error) {
	id, err := strconv.ParseInt(chi.URLParam(r, "id"), 10, 64)
	if err != nil || id <= 0 {
		return 0, page.NotFound(err)
	}
	return id, nil
}

func queryID(s string) int64 {
	id, err := strconv.ParseInt(s, 10, 64)
	if err != nil || id < 0 {
		return 0
	}
	return id
}

// Halted says that no mail goes out, where the page does not say so itself.
func (f frame) Halted() bool {
	return f.Me.ID != 0 && f.Sending != guard.On && f.Path != "/admin/sending"
}

// Int is n for a plural form.
func (f frame) Int(n int64) int { return int(n) }
