package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// embedKinds are the ways to put the form on a site, the simplest first.
func embedKinds() []string { return []string{"plain", "element", "frame"} }

// embedScript is the file of web/static that sites load.
const embedScript = "vistka.js"

// snippet is what the templates of the snippets are made from. Its words are in
// the form's language, not in the account's.
type snippet struct {
	L          *locale.Locale
	Newsletter newsletter.Newsletter
	BaseURL    string
	ScriptURL  string
	Integrity  string
}

// Wording is the version of the words beside the button.
func (s snippet) Wording() string {
	return subscriber.WordingVersion(subscriber.FormWording(s.L, s.Newsletter))
}

type embedsBody struct {
	snippet
	Pastes    []paste
	Languages []page.Link
	Host      string // scheme and host as a Content-Security-Policy names them
}

// paste is a snippet as the page shows it: to copy, and as it will look.
type paste struct {
	ID, Name, HTML, PreviewURL string
	Rows                       int
}

// formLocale is the language that the snippets are asked for in; code is that
// of who asks for none.
func (a *admin) formLocale(r *http.Request, code string) *locale.Locale {
	if asked := r.FormValue("form"); a.Pages.Catalog().Has(asked) {
		code = asked
	}
	return a.Pages.Catalog().For(code)
}

// paste makes block of the template file from data. Its preview is at path, in
// the same language. html/template writes + as &#43; against readers that guess
// UTF-7. That is as good in HTML and looks broken in an integrity value or a phone
// number that somebody reads before pasting; what a person typed so stands there
// as &amp;#43; and stays.
func (a *admin) paste(id, name, file, block, path string, l *locale.Locale, data any) (paste, error) {
	html, err := a.Pages.Block(file, block, data)
	html = strings.ReplaceAll(html, "&#43;", "+")
	return paste{
		ID: id, Name: name, HTML: html, Rows: 1 + strings.Count(html, "\n"), PreviewURL: path + "/" + id + "?" + url.Values{"form": {l.Code()}}.Encode(),
	}, err
}

// snippetOf reads which newsletter and language the form is for.
func (a *admin) snippetOf(r *http.Request) (s snippet, err error) {
	if s.Newsletter, err = a.newsletterAt(r); err != nil {
		return s, err
	}
	path, integrity, err := a.Pages.Embedded(embedScript)
	if err != nil {
		return s, err
	}
	s.BaseURL, s.ScriptURL, s.Integrity = a.BaseURL, a.BaseURL+path, integrity
	s.L = a.formLocale(r, s.Newsletter.Language)
	return s, nil
}

// embeds shows what to paste into a site so that its readers can sign up.
func (a *admin) embeds(w http.ResponseWriter, r *http.Request) error {
	s, err := a.snippetOf(r)
	if err != nil {
		return err
	}
	b := embedsBody{snippet: s, Host: a.BaseURL}
	for _, kind := range embedKinds() {
		p, err := a.paste(kind, a.locale(r).T("admin.embeds."+kind+".title"), "admin/embeds", "embed-"+kind, r.URL.Path, s.L, s)
		if err != nil {
			return err
		}
		b.Pastes = append(b.Pastes, p)
	}
	for _, l := range a.Pages.Catalog().All() {
		b.Languages = append(b.Languages, page.Link{Code: l.Code(), Name: l.Name(), URL: r.URL.Path + "?" + url.Values{"form": {l.Code()}}.Encode()})
	}
	page.ShowFrames(r, "'self'")
	return a.render(w, r, http.StatusOK, "embeds", "admin.embeds.title", b, "name", s.Newsletter.Name)
}

// embedPreview is a snippet on a page without a site's own look.
func (a *admin) embedPreview(w http.ResponseWriter, r *http.Request) error {
	kind := chi.URLParam(r, "kind")
	if !slices.Contains(embedKinds(), kind) {
		return page.NotFound(nil)
	}
	s, err := a.snippetOf(r)
	if err != nil {
		return err
	}
	page.AllowFrames(r, "'self'")
	page.ShowFrames(r, "'self'")
	return a.Pages.Render(w, r, http.StatusOK, "admin/embed_"+kind, page.View{L: s.L, Title: s.L.T("signup.title", "name", s.Newsletter.Name), Body: s})
}
