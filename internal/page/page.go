// Package page makes HTML answers: the layout and template sets of web/templates,
// static files under content-hashed URLs, a Content Security Policy (W3C CSP
// Level 3) and the other headers of a careful site, the request log, error
// pages and the recovery of panics. It knows no route and no table.
package page

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
)

// Options are what New needs.
type Options struct {
	FS      fs.FS // the tree of web/: templates and static
	Catalog *locale.Catalog
	BaseURL string // without a trailing slash
	Dev     bool   // templates and static files are read on each request
}

// Pages renders pages. It is safe for concurrent use.
type Pages struct {
	opt       Options
	templates *templates
	assets    *assets
	accents   sync.Map     // of newsletters, to what accentStyle makes of them
	buffers   sync.Pool    // *bytes.Buffer, for pages while they are made
	proxySeen atomic.Int64 // Unix seconds: when a request last came through a proxy that is not trusted
}

// View is one page: what the layout needs, and the page's own typed Body.
type View struct {
	L          *locale.Locale
	Title      string // in the page's language
	Site       Site
	Wide       bool   // tables instead of a column for reading
	Indexed    bool   // search engines may list it
	Kept       bool   // as the answer to a press: tells nothing of its reader, see keptForBack
	Languages  []Link // the same page in the other languages; none: no switch
	Share      *Share // how the page is told of elsewhere; nil: a page that nobody passes on
	Stylesheet string // of the area, beside tokens.css; empty: public.css
	Nav        any    // for a layout that has one
	Body       any
}

// Site is whose page it is.
type Site struct {
	Name   string // a newsletter's or a site's name; empty: Vistka
	Lang   string // of its name and its articles; empty: not known
	URL    string // where the name leads to; empty: nowhere
	Accent string // #rrggbb; empty: the default
	Logo   string // a picture's address; empty: none
	// LogoOrigin is where that lies, as the page's policy names it; empty: it is not shown.
	LogoOrigin string
}

// Share is what search engines and other sites show of a page (Open Graph).
type Share struct {
	Title       string
	Description string
	Kind        string // website or article
	URL         string // the page's one address, absolute; canonical where the page is Indexed
	Image       string // absolute; empty: none
	ImageAlt    string
	FeedURL     string // of an Atom feed that goes on with the page; empty: none
	FeedTitle   string
}

// Heading is the window's: the title and whose page it is, if the title does not say so.
func (v View) Heading() string {
	if v.Site.Name == "" || strings.Contains(v.Title, v.Site.Name) {
		return v.Title
	}
	return v.Title + " · " + v.Site.Name
}

// Wrong reports whether something typed is to be mended, which the Body knows.
func (v View) Wrong() bool {
	b, ok := v.Body.(interface{ ToMend() bool })
	return ok && b.ToMend()
}

// Outcome is what a press on the page came to: the first words of what its Body tells
// of that, for the title to begin with. Empty: nothing is told.
func (v View) Outcome() string {
	b, ok := v.Body.(interface{ Told() string })
	if !ok {
		return ""
	}
	words := b.Told()
	for _, end := range []string{". ", ": "} {
		words, _, _ = strings.Cut(words, end)
	}
	return strings.TrimSuffix(words, ".")
}

// OtherLang is the language of what the site wrote, for a lang attribute; empty:
// it is the page's own, or not known.
func (v View) OtherLang() string {
	if v.Site.Lang == v.L.Code() {
		return ""
	}
	return v.Site.Lang
}

// Link is a language's own name and the address of the page in it. A page that
// only a post makes is posted Fields.
type Link struct {
	Code, Name, URL string
	Fields          url.Values // nil: the address can be opened
}

// New parses all templates, so that a broken one stops the start and not a
// request. Returns the first error with the file's name.
func New(opt Options) (*Pages, error) {
	p := &Pages{opt: opt, buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }}}
	var err error
	if p.assets, err = newAssets(opt.FS, opt.Dev); err != nil {
		return nil, err
	}
	if p.templates, err = newTemplates(opt.FS, p.funcs(), opt.Dev); err != nil {
		return nil, err
	}
	return p, nil
}

// Embedded is Embedded of the files that the pages are made of.
func (p *Pages) Embedded(name string) (path, integrity string, err error) {
	return Embedded(p.opt.FS, name)
}

// Catalog is the languages that the pages are in.
func (p *Pages) Catalog() *locale.Catalog { return p.opt.Catalog }

func (p *Pages) funcs() template.FuncMap {
	return template.FuncMap{
		"asset": p.Asset,
		"dict":  dict,
		"words": words,
		"lang":  func(code, text string) tongue { return tongue{code, text} },
		"iso":   func(t time.Time) string { return t.Format(time.RFC3339) }, // of <time datetime>
	}
}

// dict passes several named values to a template.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: odd number of arguments")
	}
	out := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: argument %d is no name", i)
		}
		out[name] = pairs[i+1]
	}
	return out, nil
}

// tongue is text within the words of a page, in a language of its own; code empty:
// in that of the page.
type tongue struct{ code, text string }

func (t tongue) html() string {
	text := template.HTMLEscapeString(t.text)
	if t.code == "" {
		return text
	}
	return `<span lang="` + template.HTMLEscapeString(t.code) + `">` + text + "</span>"
}

// words is the message of key with address in its {{.address}} slot set apart:
// strong, and isolated from the direction of the words round it. What "lang" made
// of an argument has its own language, what "words" made stays as it is; address may
// be empty. A whole number "n"
// chooses the plural form.
func words(l *locale.Locale, key, address string, args ...any) template.HTML {
	const slot = '\uE000' // private use: in nobody's words
	set := []string{string(slot), "<strong><bdi>" + template.HTMLEscapeString(address) + "</bdi></strong>"}
	args = append([]any{"address", string(slot)}, args...)
	for i, arg := range args {
		own := string(slot + rune(i))
		switch arg := arg.(type) {
		case tongue:
			args[i], set = own, append(set, own, arg.html())
		case template.HTML:
			args[i], set = own, append(set, own, string(arg))
		}
	}
	text := l.T(key, args...)
	for i := 0; i+1 < len(args); i += 2 {
		if n, ok := args[i+1].(int); ok && args[i] == "n" {
			text = l.N(key, n, args...)
		}
	}
	text = template.HTMLEscapeString(text)
	return template.HTML(l.Nest(strings.NewReplacer(set...).Replace(text))) //nolint:gosec // all parts are escaped above
}

// layoutData is what templates see: the view and what the layout adds to it.
type layoutData struct {
	View
	Style    template.HTML // the accent's <style>, allowed by its hash
	Framed   bool          // in a frame of another page
	Parents  string        // the origins that may show it so, separated by spaces
	Fleeting bool          // nobody stores it: Back shows it anew
}

// Render writes the page name ("pages/signup" is templates/pages/signup.html)
// whole or not at all: an error in a template becomes an error page, not half a page.
func (p *Pages) Render(w http.ResponseWriter, r *http.Request, status int, name string, v View) error {
	t, err := p.templates.get(name)
	if err != nil {
		return err
	}
	if v.Stylesheet == "" {
		v.Stylesheet = "public.css"
	}
	style, hash := p.accent(v.Site.Accent)
	policy := Policy{}
	if own := policyOf(r); own != nil {
		policy = *own
	}
	if v.Site.LogoOrigin != "" {
		policy.Image = append(slices.Clone(policy.Image), v.Site.LogoOrigin)
	} else {
		v.Site.Logo = ""
	}
	data := layoutData{View: v, Style: style, Framed: len(policy.FrameAncestors) > 0, Parents: policy.parents()}
	data.Fleeting = policy.private && v.Stylesheet == "public.css" && (r.Method != http.MethodPost || shownAnew(r, v))
	out := p.buffers.Get().(*bytes.Buffer)
	defer p.buffers.Put(out)
	out.Reset()
	if err := t.ExecuteTemplate(out, "base", data); err != nil {
		return fmt.Errorf("render %s: %w", name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.L.Code())
	h.Set("Content-Length", strconv.Itoa(out.Len()))
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Security-Policy", policy.header(hash))
	if v.Kept && r.Method == http.MethodPost {
		h.Set("Cache-Control", keptForBack)
	}
	if !v.Indexed {
		h.Set("X-Robots-Tag", "noindex")
	}
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return nil
	}
	_, _ = out.WriteTo(w) // a reader who went away is no error of ours
	return nil
}

// shownAnew tells an answer to a press that Back need not bring again: its address
// shows the same matter as it is now, and nothing that was typed would be lost.
func shownAnew(r *http.Request, v View) bool {
	at := chi.RouteContext(r.Context())
	return !v.Kept && !v.Wrong() && at != nil && at.Routes.Match(chi.NewRouteContext(), http.MethodGet, r.URL.Path)
}

// Block is what the block of the page name gives, as text.
func (p *Pages) Block(name, block string, data any) (string, error) {
	t, err := p.templates.get(name)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := t.ExecuteTemplate(&out, block, data); err != nil {
		return "", fmt.Errorf("render %s of %s: %w", block, name, err)
	}
	return out.String(), nil
}

// Locale picks a request's language: what it asks for with ?lang=, else the first
// of known that there are words in, as the reader's own and the newsletter's (each
// may be empty), else what the browser prefers.
func (p *Pages) Locale(r *http.Request, known ...string) *locale.Locale {
	c := p.opt.Catalog
	for _, code := range append([]string{p.Asked(r)}, known...) {
		if code = base(code); c.Has(code) {
			return c.For(code)
		}
	}
	return c.Match(r.Header.Get("Accept-Language"))
}

// Asked is the language that a request asks for with lang, the form's field before
// the address; empty: none that there is.
func (p *Pages) Asked(r *http.Request) string {
	_ = r.FormValue("lang") // reads the form
	for _, code := range r.Form["lang"] {
		if code = base(code); p.opt.Catalog.Has(code) {
			return code
		}
	}
	return ""
}

// base is uk of uk-UA.
func base(code string) string {
	code, _, _ = strings.Cut(code, "-")
	return code
}

// Languages is the language switch of a page whose address can be opened.
func (p *Pages) Languages(r *http.Request, current *locale.Locale) []Link {
	return p.LanguagesAt(r.URL.Path, r.URL.Query(), current)
}

// LanguagesAt leads to the page at path with query, as for one that answers a press.
func (p *Pages) LanguagesAt(path string, query url.Values, current *locale.Locale) []Link {
	var out []Link
	path = "/" + strings.TrimLeft(path, `/\`) // two would lead to another host
	for _, l := range p.opt.Catalog.All() {
		if l.Code() == current.Code() {
			continue
		}
		q := maps.Clone(query)
		if q == nil {
			q = url.Values{}
		}
		q.Set("lang", l.Code())
		out = append(out, Link{Code: l.Code(), Name: l.Name(), URL: (&url.URL{Path: path, RawQuery: q.Encode()}).String()})
	}
	return out
}
