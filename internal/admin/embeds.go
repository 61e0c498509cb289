package admin

import (
	"net/http"
	"net/url"
	"slices"

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
	Kinds     []embedKind
	Languages []page.Link
	Host      string // scheme and host as a Content-Security-Policy names them
}

type embedKind struct {
	Name, HTML, PreviewURL string
	Rows                   int
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
	s.L = a.Pages.Catalog().For(s.Newsletter.Language)
	if code := r.FormValue("form"); a.Pages.Catalog().Has(code) {
		s.L = a.Pages.Catalog().For(code)
	}
	return s, nil
}

// embeds shows what to paste into a site so that its readers can sign up.
func (a *admin) embeds(w http.ResponseWriter, r *http.Request) error {
	s, err := a.snippetOf(r)
	if err != nil {
		return err
	}
	b := embedsBody{snippet: s, Host: a.BaseURL}
	for _, name := range embedKinds() {
		html, err := a.Pages.Block("admin/embeds", "embed-"+name, s)
		if err != nil {
			return err
		}
		b.Kinds = append(b.Kinds, embedKind{
			Name: name, HTML: html, Rows: 1 + lines(html), PreviewURL: r.URL.Path + "/" + name + "?" + url.Values{"form": {s.L.Code()}}.Encode(),
		})
	}
	for _, l := range a.Pages.Catalog().All() {
		b.Languages = append(b.Languages, page.Link{Code: l.Code(), Name: l.Name(), URL: r.URL.Path + "?" + url.Values{"form": {l.Code()}}.Encode()})
	}
	page.ShowFrames(r, "'self'")
	return a.render(w, r, http.StatusOK, "embeds", "admin.embeds.title", b, "name", s.Newsletter.Name)
}

func lines(s string) (n int) {
	for _, c := range s {
		if c == '\n' {
			n++
		}
	}
	return n
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
