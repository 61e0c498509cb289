package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/page"
)

// hotlineForm is what the form shows: the values as typed, also the wrong ones.
type hotlineForm struct {
	Open       bool
	Values     map[string]string
	Errors     map[string]string // field to words
	Faults     []fault           // of what was pressed, as the fields stand in the form
	Outdated   bool              // nobody has pressed: what is stored is wrong by now
	DeskLocale string
	Languages  []page.Link
	Accounts   []account.Account
	Pastes     []paste
	Tongues    []page.Link // of the pastes
	Tongue     string
}

func (a *admin) hotlineSettings(w http.ResponseWriter, r *http.Request) error {
	set, err := a.Hotline.Settings(r.Context())
	if err != nil {
		return err
	}
	f := hotlineForm{Open: set.Open, DeskLocale: set.DeskLocale, Values: map[string]string{
		"phone": set.Phone, "desk": strings.Join(set.Desk, "\n"), "desk_keys": strings.Join(set.DeskKeys, "\n"),
		"keep_days": strconv.Itoa(set.KeepDays),
	}}
	if key := set.WrongKeys(); key != "" {
		f.Outdated, f.Errors = true, inWords(a.locale(r), hotline.FieldErrors{"desk_keys": key})
	}
	if set.SavedAt == nil {
		f.DeskLocale = a.locale(r).Code()
	}
	for _, l := range a.Pages.Catalog().All() {
		f.Values[hotline.HoursField+l.Code()], f.Values[hotline.ElsewhereField+l.Code()] = set.Hours[l.Code()], set.Elsewhere[l.Code()]
	}
	return a.showHotlineForm(w, r, http.StatusOK, f)
}

func (a *admin) showHotlineForm(w http.ResponseWriter, r *http.Request, status int, f hotlineForm) error {
	for _, other := range a.Pages.Catalog().All() {
		link := page.Link{Code: other.Code(), Name: other.Name()}
		f.Languages = append(f.Languages, link)
		link.URL = "/admin/hotline/settings?form=" + link.Code + "#h-site"
		f.Tongues = append(f.Tongues, link)
	}
	f.Tongue = a.formLocale(r, a.locale(r).Code()).Code()
	var err error
	if f.Pastes, err = a.hotlinePastes(r); err != nil {
		return err
	}
	page.ShowFrames(r, "'self'")
	if f.Accounts, err = a.Accounts.List(r.Context()); err != nil {
		return err
	}
	return a.render(w, r, status, "hotline_settings", "admin.hotline.settings.title", f)
}

func (a *admin) saveHotlineSettings(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	v := r.PostForm.Get
	set := hotline.Settings{
		Open: v("open") != "", Phone: v("phone"), Hours: map[string]string{}, Elsewhere: map[string]string{}, DeskLocale: v("desk_locale"),
		Desk: entries(v("desk")), DeskKeys: entries(v("desk_keys")),
	}
	if !a.Pages.Catalog().Has(set.DeskLocale) {
		return page.BadRequest(errors.New("unknown language"))
	}
	set.KeepDays, _ = strconv.Atoi(strings.TrimSpace(v("keep_days"))) // no number is none, which is refused
	f := hotlineForm{Open: set.Open, DeskLocale: set.DeskLocale, Values: map[string]string{
		"phone": v("phone"), "desk": v("desk"), "desk_keys": v("desk_keys"), "keep_days": v("keep_days"),
	}}
	for _, code := range a.Pages.Catalog().Codes() {
		set.Hours[code], set.Elsewhere[code] = v(hotline.HoursField+code), v(hotline.ElsewhereField+code)
		f.Values[hotline.HoursField+code], f.Values[hotline.ElsewhereField+code] = v(hotline.HoursField+code), v(hotline.ElsewhereField+code)
	}
	err := a.recorded(r, "hotline.settings", "", map[string]any{"open": set.Open, "addresses": len(set.Desk), "keys": len(set.DeskKeys)}, func(tx pgx.Tx) error {
		return a.Hotline.SaveSettings(r.Context(), tx, set)
	})
	var fields hotline.FieldErrors
	if errors.As(err, &fields) {
		if fields.SecretKey() {
			f.Values["desk_keys"] = "" // not once more over the wire
		}
		l := a.locale(r)
		f.Errors, f.Faults = inWords(l, fields), faults(l, fields, a.hotlineLabels(l))
		return a.showHotlineForm(w, r, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return a.say(w, r, true, "admin.hotline.said.settings", "/admin/hotline/settings")
}

// hotlineLabels are the labels of the form's fields as they stand in it.
func (a *admin) hotlineLabels(l *locale.Locale) []labelled {
	list := labels("phone", "admin.hotline.settings.phone")
	for _, words := range labels(hotline.HoursField, "admin.hotline.settings.hours", hotline.ElsewhereField, "admin.hotline.settings.elsewhere") {
		for _, code := range a.Pages.Catalog().Codes() {
			list = append(list, labelled{words.field + code, words.label, []any{"language", l.LanguageName(code)}})
		}
	}
	return append(list, labels("desk", "admin.hotline.settings.desk", "desk_keys", "admin.hotline.settings.desk_keys", "keep_days", "admin.hotline.settings.keep")...)
}

// entries are what stands in an area, one a line, however it was pasted.
func entries(text string) []string {
	return strings.FieldsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || c == ',' })
}

// setHotlineRight gives somebody the right to read requests, or takes it away.
func (a *admin) setHotlineRight(w http.ResponseWriter, r *http.Request) error {
	id, on := queryID(r.PostFormValue("account")), r.PostFormValue("right") == "on"
	err := a.Accounts.SetHotline(r.Context(), id, on, me(r).ID)
	if errors.Is(err, account.ErrNotFound) {
		return page.NotFound(err)
	}
	if err != nil {
		return err
	}
	said, back := "given", "/admin/hotline/settings"
	if !on {
		said = "taken"
		if id == me(r).ID {
			back = "/admin/"
		}
	}
	return a.say(w, r, true, fmt.Sprintf("admin.hotline.said.%s", said), back)
}
