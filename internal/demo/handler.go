package demo

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/page"
)

// Options say where the site stands and whom its forms talk to.
type Options struct {
	URL         string            // of the site itself
	VistkaURL   string            // whose forms and ping it uses
	Newsletters map[string]string // slug by language
	Wordings    map[string]string // version of the sign-up form's words by language, as the admin pages give it with the form
	Inbox       bool              // Vistka shows its mails at /inbox
	Catalog     *locale.Catalog
	Files       fs.FS
	Now         func() time.Time
	Log         *slog.Logger

	// Fate tells what Vistka made of the article at url, for the words after a
	// publication; a real site would not know. Nil: it is not told.
	Fate func(ctx context.Context, lang, url string) (Fate, error)
}

// Fate is what became of an article in Vistka.
type Fate string

const (
	Unseen Fate = ""     // the feed was not read since
	Held   Fate = "held" // an editor is to decide
	Taken  Fate = "taken"
)

type handler struct {
	Options
	site   *Site
	pages  *template.Template
	client *http.Client
}

// pingTimeout bounds the one request that follows a publication.
const pingTimeout = 5 * time.Second

// Handler serves the site's pages and feeds. Returns an error if a template
// cannot be read.
func Handler(site *Site, o Options) (http.Handler, error) {
	pages, err := template.ParseFS(o.Files, "templates/demo/*.html")
	if err != nil {
		return nil, fmt.Errorf("read demo templates: %w", err)
	}
	h := &handler{Options: o, site: site, pages: pages, client: &http.Client{Timeout: pingTimeout}}
	r := chi.NewRouter()
	r.Use(headers(o.VistkaURL))
	r.Get("/", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/"+languages[0]+"/", http.StatusSeeOther)
	})
	r.Get("/site.css", h.file("templates/demo/site.css"))
	r.Get("/icon.svg", h.file("static/icon.svg"))
	r.Get("/favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/icon.svg", http.StatusMovedPermanently)
	})
	r.Get("/image/{name}.png", h.image)
	r.Get("/{lang:uk|en}/", h.front)
	r.Get("/{lang:uk|en}/feed.xml", h.feed)
	r.Get("/{lang:uk|en}/privacy", h.privacy)
	r.Get("/{lang:uk|en}/{slug}", h.article)
	r.Post("/{lang:uk|en}/publish", h.publish)
	return http.NewCrossOriginProtection().Handler(r), nil
}

func headers(vistka string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; script-src "+vistka+"; connect-src "+vistka+"; form-action 'self' "+vistka+"; base-uri 'none'; frame-ancestors 'none'")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
			next.ServeHTTP(w, r)
		})
	}
}

// Phone is the newsroom's hotline: a number that cannot be.
const Phone = "+380 00 000 00 00"

// view is what every page of the site is given.
type view struct {
	*handler
	L         *locale.Locale
	Other     *locale.Locale
	Articles  []Article
	Article   Article
	Heading   string // of a page that is not the front page; empty: it has no name of its own
	Published bool
	Fate      Fate // after a publication
	OtherPath string
}

func (v view) Newsletter() string { return v.Newsletters[v.L.Code()] }
func (v view) Wording() string    { return v.Wordings[v.L.Code()] }

// script is what a site copies from Vistka's admin pages with the form.
type script struct{ Path, Integrity string }

func (v view) Script() (s script, err error) {
	s.Path, s.Integrity, err = page.Embedded(v.Files, "vistka.js")
	return s, err
}

// Phone is the number as it is shown, Dial as a phone takes it.
func (view) Phone() string { return Phone }
func (view) Dial() string  { return strings.ReplaceAll(Phone, " ", "") }

func (h *handler) view(r *http.Request) view {
	lang, other := chi.URLParam(r, "lang"), languages[0]
	if lang == other {
		other = languages[1]
	}
	return view{handler: h, L: h.Catalog.For(lang), Other: h.Catalog.For(other), Articles: h.site.Articles(lang), OtherPath: "/" + other + "/"}
}

func (h *handler) front(w http.ResponseWriter, r *http.Request) {
	h.render(w, http.StatusOK, "front.html", h.view(r))
}

func (h *handler) article(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	a, ok := h.site.find(v.L.Code(), chi.URLParam(r, "slug"))
	if !ok {
		h.render(w, http.StatusNotFound, "missing.html", v)
		return
	}
	v.Article, v.Heading, v.OtherPath = a, a.Title, "/"+v.Other.Code()+"/"+a.Slug
	if v.Published = r.URL.Query().Has("published"); v.Published {
		v.Fate = h.fate(r.Context(), a)
	}
	h.render(w, http.StatusOK, "article.html", v)
}

// PrivacyPath is what the site says of its readers' addresses, in a language.
func PrivacyPath(lang string) string { return "/" + lang + "/privacy" }

func (h *handler) privacy(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	v.Heading, v.OtherPath = v.L.T("signup.privacy"), PrivacyPath(v.Other.Code())
	h.render(w, http.StatusOK, "privacy.html", v)
}

// fateWait is how long a publication waits for Vistka to read the feed: pings of
// a site are heard three seconds apart.
const fateWait = 5 * time.Second

// fate asks what became of an article. Not to know is no harm.
func (h *handler) fate(ctx context.Context, a Article) Fate {
	if h.Options.Fate == nil {
		return Unseen
	}
	fate, err := h.Options.Fate(ctx, a.Lang, h.URL+a.Path())
	if err != nil && ctx.Err() == nil {
		h.Log.Warn("fate of a demo article", "error", err)
	}
	return fate
}

// settle waits until Vistka has decided about an article, or not longer than a
// person would.
func (h *handler) settle(ctx context.Context, a Article) {
	ctx, cancel := context.WithTimeout(ctx, fateWait)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for h.Options.Fate != nil && h.fate(ctx, a) == Unseen {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// publish puts the next story out, tells Vistka, and shows it. A ping that
// fails is no harm: Vistka finds the article when it polls.
func (h *handler) publish(w http.ResponseWriter, r *http.Request) {
	a, err := h.site.Publish(h.Now())
	if err != nil {
		h.Log.Error("publish demo article", "error", err)
		http.Error(w, "the article could not be saved; see the log", http.StatusInternalServerError)
		return
	}
	for _, lang := range languages {
		if err := h.ping(r.Context(), h.URL+"/"+lang+"/feed.xml"); err != nil {
			h.Log.Warn("ping after publication", "error", err)
		}
	}
	a.Lang = chi.URLParam(r, "lang")
	h.settle(r.Context(), a)
	http.Redirect(w, r, a.Path()+"?published", http.StatusSeeOther)
}

func (h *handler) ping(ctx context.Context, feed string) error {
	form := strings.NewReader(url.Values{"url": {feed}}.Encode())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.VistkaURL+"/hooks/ping", form)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := h.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("ping: %s", resp.Status)
	}
	return nil
}

func (h *handler) file(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, h.Files, name) }
}

func (h *handler) render(w http.ResponseWriter, status int, name string, v view) {
	var b bytes.Buffer
	if err := h.pages.ExecuteTemplate(&b, name, v); err != nil {
		h.Log.Error("render demo page", "page", name, "error", err)
		http.Error(w, "the page could not be made; see the log", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w)
}
