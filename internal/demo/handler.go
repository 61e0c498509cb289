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
)

// Options say where the site stands and whom its forms talk to.
type Options struct {
	URL         string            // of the site itself
	VistkaURL   string            // whose forms and ping it uses
	Newsletters map[string]string // slug by language
	Inbox       bool              // Vistka shows its mails at /inbox
	Catalog     *locale.Catalog
	Files       fs.FS
	Now         func() time.Time
	Log         *slog.Logger
}

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
	r.Get("/{lang:uk|en}/{slug}", h.article)
	r.Post("/{lang:uk|en}/publish", h.publish)
	return http.NewCrossOriginProtection().Handler(r), nil
}

func headers(vistka string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self' "+vistka+"; base-uri 'none'; frame-ancestors 'none'")
			w.Header().Set("X-Content-Type-Options", "nosniff")
			w.Header().Set("Referrer-Policy", "strict-origin-when-cross-origin")
			next.ServeHTTP(w, r)
		})
	}
}

// view is what every page of the site is given.
type view struct {
	*handler
	L         *locale.Locale
	Other     *locale.Locale
	Articles  []Article
	Article   Article
	Published bool
	OtherPath string
}

func (v view) Newsletter() string { return v.Newsletters[v.L.Code()] }

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
	v.Article, v.OtherPath = a, "/"+v.Other.Code()+"/"+a.Slug
	v.Published = r.URL.Query().Has("published")
	h.render(w, http.StatusOK, "article.html", v)
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
	http.Redirect(w, r, "/"+chi.URLParam(r, "lang")+"/"+a.Slug+"?published", http.StatusSeeOther)
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
