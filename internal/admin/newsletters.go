package admin

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
)

type newslettersBody struct {
	Rows  []newsletter.Newsletter
	Tests map[int64]*lastTest // of newsletters that this person asked for one of
}

// Moving says that some test's outcome is still to come.
func (b newslettersBody) Moving() bool {
	for _, t := range b.Tests {
		if t.Moving() {
			return true
		}
	}
	return false
}

func (a *admin) newsletters(w http.ResponseWriter, r *http.Request) error {
	list, err := newsletter.List(r.Context(), a.DB)
	if err != nil {
		return err
	}
	b := newslettersBody{Rows: list, Tests: map[int64]*lastTest{}}
	for _, n := range list {
		if t, err := a.lastTest(r, n.ID); err != nil {
			return err
		} else if t != nil {
			b.Tests[n.ID] = t
		}
	}
	return a.render(w, r, http.StatusOK, "newsletters", "admin.newsletters.title", b)
}

// newsletterForm is what the form shows: the values as typed, also the wrong ones.
type newsletterForm struct {
	ID        int64  // 0: a new one
	Name      string // as it is stored
	Values    map[string]string
	Errors    map[string]string // field to words
	Faults    []fault           // the same as they stand in the form
	Cadences  []page.Link
	Families  []page.Link // that a new one may be a translation of
	Languages []page.Link
	Welcome   bool
	Archive   bool // what was mailed is public
	Stop      bool // editors are told of what waits out its grace time
	Archived  *time.Time
	Test      *lastTest
}

// textFields are the fields whose value is one string of the newsletter.
func textFields(n *newsletter.Newsletter) map[string]*string {
	return map[string]*string{
		"slug": &n.Slug, "name": &n.Name, "description": &n.Description, "language": &n.Language, "from_name": &n.FromName,
		"from_address": &n.FromAddress, "reply_to": &n.ReplyTo, "postal_address": &n.PostalAddress, "site_url": &n.SiteURL,
		"privacy_url": &n.PrivacyURL, "logo_url": &n.LogoURL, "accent": &n.Accent, "default_cadence": &n.DefaultCadence, "timezone": &n.Timezone,
	}
}

func formOf(n newsletter.Newsletter) newsletterForm {
	f := newsletterForm{ID: n.ID, Name: n.Name, Values: map[string]string{}, Errors: map[string]string{}, Welcome: n.Welcome, Archive: n.PublicArchive, Stop: n.StopNotice, Archived: n.ArchivedAt}
	for field, value := range textFields(&n) {
		f.Values[field] = *value
	}
	for code, words := range n.Thanks {
		f.Values[newsletter.ThanksField+code] = words
	}
	f.Values["origins"] = strings.Join(n.Origins, "\n")
	f.Values["hour"] = strconv.Itoa(int(n.Hour))
	f.Values["grace"] = strconv.Itoa(int(n.Grace / time.Minute))
	f.Values["wait"] = strconv.Itoa(int(n.Wait / time.Hour))
	f.Values["family"] = ""
	return f
}

// readForm takes what was typed into n and keeps it for the form.
// An hour or a span that is no number becomes one that the domain refuses.
func readForm(r *http.Request, n newsletter.Newsletter) (newsletter.Newsletter, newsletterForm) {
	slug, name := n.Slug, n.Name
	for field, value := range textFields(&n) {
		*value = strings.ReplaceAll(r.PostForm.Get(field), "\r\n", "\n")
	}
	if n.ID != 0 {
		n.Slug = slug // fixed once it is made
	}
	n.Origins = strings.FieldsFunc(r.PostForm.Get("origins"), func(c rune) bool { return c == '\n' || c == '\r' || c == ' ' || c == ',' })
	thanks := map[string]string{}
	maps.Copy(thanks, n.Thanks)
	for field := range r.PostForm {
		if code, ok := strings.CutPrefix(field, newsletter.ThanksField); ok {
			thanks[code] = strings.TrimSpace(r.PostForm.Get(field))
		}
	}
	maps.DeleteFunc(thanks, func(_, words string) bool { return words == "" })
	n.Thanks = thanks
	n.Welcome = r.PostForm.Get("welcome") != ""
	n.PublicArchive = r.PostForm.Get("public_archive") != ""
	n.StopNotice = r.PostForm.Get("stop_notice") != ""
	hour, err := strconv.ParseInt(strings.TrimSpace(r.PostForm.Get("hour")), 10, 16)
	if err != nil {
		hour = -1
	}
	n.Hour = int16(hour)
	grace, err := strconv.ParseInt(strings.TrimSpace(r.PostForm.Get("grace")), 10, 32)
	if err != nil {
		grace = -1
	}
	n.Grace = time.Duration(grace) * time.Minute
	if r.PostForm.Has("wait") {
		wait, err := strconv.ParseInt(strings.TrimSpace(r.PostForm.Get("wait")), 10, 16)
		if err != nil {
			wait = -1
		}
		n.Wait = time.Duration(wait) * time.Hour
	}
	f := formOf(n)
	f.Name = name
	for field := range f.Values {
		f.Values[field] = r.PostForm.Get(field)
	}
	f.Values["slug"] = n.Slug // which the form of one that is made does not send
	return n, f
}

func (a *admin) newNewsletter(w http.ResponseWriter, r *http.Request) error {
	n := newsletter.New()
	n.Language = a.locale(r).Code()
	return a.showForm(w, r, http.StatusOK, formOf(n))
}

func (a *admin) addNewsletter(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	n, f := readForm(r, newsletter.New())
	return a.save(w, r, n, f, func(tx pgx.Tx) (newsletter.Newsletter, error) {
		return newsletter.Add(r.Context(), tx, n, r.PostForm.Get("family"), a.Clock.Now())
	})
}

func (a *admin) editNewsletter(w http.ResponseWriter, r *http.Request) error {
	n, err := a.newsletterAt(r)
	if err != nil {
		return err
	}
	return a.showForm(w, r, http.StatusOK, formOf(n))
}

func (a *admin) saveNewsletter(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	stored, err := a.newsletterAt(r)
	if err != nil {
		return err
	}
	n, f := readForm(r, stored)
	return a.save(w, r, n, f, func(tx pgx.Tx) (newsletter.Newsletter, error) { return newsletter.Update(r.Context(), tx, n) })
}

// save stores a newsletter and what was done in one transaction, or shows
// everything that is wrong at once.
func (a *admin) save(w http.ResponseWriter, r *http.Request, n newsletter.Newsletter, f newsletterForm, put func(pgx.Tx) (newsletter.Newsletter, error)) error {
	refused := n.CheckPostalAddress(a.RelayOnLoopback)
	if !a.Pages.Catalog().Has(n.Language) { // a form of somebody's own making: ours has a list
		refused = maps.Clone(refused)
		if refused == nil {
			refused = newsletter.FieldErrors{}
		}
		refused["language"] = "newsletter.error.language"
	}
	err := postgres.InTx(r.Context(), a.DB, func(tx pgx.Tx) error {
		stored, err := put(tx)
		if err != nil {
			return err
		}
		if len(refused) > 0 {
			return refused // not stored after all
		}
		act := "newsletter.edit"
		if n.ID == 0 {
			act = "newsletter.add"
		}
		return account.Record(r.Context(), tx, account.Event{
			At: a.Clock.Now(), AccountID: me(r).ID, Act: act, Object: fmt.Sprintf("newsletter %d", stored.ID),
		})
	})
	if err == nil {
		return a.say(w, r, true, "admin.newsletter.said.saved", "/admin/newsletters")
	}
	var errs newsletter.FieldErrors
	if !errors.As(err, &errs) {
		return err
	}
	errs = maps.Clone(errs)
	maps.Copy(errs, refused)
	l := a.locale(r)
	f.Errors, f.Faults = inWords(l, errs), faults(l, errs, a.newsletterLabels(l))
	return a.showForm(w, r, http.StatusUnprocessableEntity, f)
}

func (a *admin) showForm(w http.ResponseWriter, r *http.Request, status int, f newsletterForm) error {
	l := a.locale(r)
	for _, cadence := range newsletter.Cadences() {
		f.Cadences = append(f.Cadences, page.Link{Code: cadence, Name: l.T("admin.kind." + cadence)})
	}
	list, err := newsletter.List(r.Context(), a.DB)
	if err != nil {
		return err
	}
	if len(list) > 0 {
		f.Families = append(f.Families, page.Link{Name: l.T("admin.field.no_family")})
	}
	for _, n := range list {
		f.Families = append(f.Families, page.Link{Code: n.Slug, Name: n.Name})
	}
	for _, l := range a.Pages.Catalog().All() {
		f.Languages = append(f.Languages, page.Link{Code: l.Code(), Name: l.Name()})
	}
	if f.Test, err = a.lastTest(r, f.ID); err != nil {
		return err
	}
	title := "admin.newsletter.edit"
	if f.ID == 0 {
		title = "admin.newsletter.new"
	}
	return a.render(w, r, status, "newsletter", title, f, "name", f.Name)
}

// newsletterLabels are the labels of the form's fields as they stand in it.
func (a *admin) newsletterLabels(l *locale.Locale) []labelled {
	list := labels("name", "admin.field.nname", "slug", "admin.field.slug", "description", "admin.field.about",
		"language", "admin.field.language", "family", "admin.field.family", "from_name", "admin.field.from_name",
		"from_address", "admin.field.from_address", "reply_to", "admin.field.reply_to", "postal_address", "admin.field.postal_address",
		"default_cadence", "admin.field.default_cadence", "timezone", "admin.field.timezone", "hour", "admin.field.hour",
		"grace", "admin.field.grace", "wait", "admin.field.wait", "site_url", "admin.field.site_url", "origins", "admin.field.origins",
		"privacy_url", "admin.field.privacy_url", "logo_url", "admin.field.logo_url")
	for _, code := range a.Pages.Catalog().Codes() {
		list = append(list, labelled{newsletter.ThanksField + code, "admin.field.thanks", []any{"language", l.LanguageName(code)}})
	}
	return append(list, labels("accent", "admin.field.accent")...)
}

// archive closes a newsletter for good, if the person has said to be sure.
func (a *admin) archive(w http.ResponseWriter, r *http.Request) error {
	n, err := a.newsletterAt(r)
	if err != nil {
		return err
	}
	if r.PostFormValue("sure") == "" {
		return a.say(w, r, false, "admin.newsletter.said.not_sure", fmt.Sprintf("/admin/newsletters/%d", n.ID))
	}
	err = a.recorded(r, "newsletter.archive", fmt.Sprintf("newsletter %d", n.ID), nil, func(tx pgx.Tx) error {
		return newsletter.Archive(r.Context(), tx, n.ID, a.Clock.Now())
	})
	if err != nil {
		return err
	}
	return a.say(w, r, true, "admin.newsletter.said.archived", "/admin/newsletters")
}

func (a *admin) newsletterAt(r *http.Request) (newsletter.Newsletter, error) {
	id, err := pathID(r)
	if err != nil {
		return newsletter.Newsletter{}, err
	}
	n, err := newsletter.Get(r.Context(), a.DB, id)
	if errors.Is(err, newsletter.ErrNotFound) {
		return n, page.NotFound(err)
	}
	return n, err
}
