package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
)

func newPages(t *testing.T) *Pages {
	t.Helper()
	web := os.DirFS("../../web")
	catalog, err := locale.Load(web)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{FS: web, Catalog: catalog})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHeadingNamesTheSiteOnce(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]View{
		"Your settings · Watch": {Title: "Your settings", Site: Site{Name: "Watch"}},
		"Leave Watch?":          {Title: "Leave Watch?", Site: Site{Name: "Watch"}},
		"Newsletters":           {Title: "Newsletters"},
	} {
		if got := v.Heading(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAccentTakesOnlyColours(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "red", "#12345", "#1234567", "#12345g", "}</style><script>", "#+12345"} {
		if style, hash := accentStyle(bad); style != "" || hash != "" {
			t.Errorf("%q gave %s", bad, style)
		}
	}
}

func TestPolicyAllowsExactlyTheStyleOnThePage(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	err := p.Render(w, r, http.StatusOK, "pages/error", View{
		L: p.Catalog().For("en"), Title: "Title", Site: Site{Name: "A <b> & c", Accent: "#aa3300"}, Body: ErrorView{L: p.Catalog().For("en"), Error: &Error{Key: "ours"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`<style>(.*)</style>`).FindStringSubmatch(w.Body.String())
	if m == nil {
		t.Fatalf("no style: %s", w.Body)
	}
	sum := sha256.Sum256([]byte(m[1]))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(w.Header().Get("Content-Security-Policy"), want) {
		t.Errorf("policy %s lacks %s", w.Header().Get("Content-Security-Policy"), want)
	}
	if strings.Contains(w.Body.String(), "<b>") {
		t.Error("a name reached the page as code")
	}
}

func TestStatic(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept-Encoding", "gzip")
		p.Static().ServeHTTP(w, r)
		return w
	}
	total := 0
	for _, name := range []string{"tokens.css", "public.css"} {
		w := get(p.Asset(name))
		if w.Code != http.StatusOK || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") || w.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		total += w.Body.Len()
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(z)
		if want, _ := os.ReadFile("../../web/static/" + name); !bytes.Equal(body, want) {
			t.Errorf("%s: other bytes", name)
		}
	}
	if total > 20<<10 {
		t.Errorf("public CSS has %d octets", total)
	}
	if w := get("/static/tokens.css"); w.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("plain name: %v", w.Header())
	}
	for _, path := range []string{"/static/", "/static/../templates/layout/base.html", "/static/tokens.000000000000.css"} {
		if w := get(path); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestPanicIsOneRequestsTrouble(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	log := new(bytes.Buffer)
	r := chi.NewRouter()
	r.Use(Log(slog.New(slog.NewJSONHandler(log, nil)), "/quiet"), Headers(Policy{}), p.Recover)
	r.Get("/panic/{token}", func(http.ResponseWriter, *http.Request) { panic("the inside") })
	r.Get("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	r.Get("/quiet/{token}", func(http.ResponseWriter, *http.Request) {})
	r.Get("/gone", p.Handle(func(http.ResponseWriter, *http.Request) error { return NotFound(errors.New("the inside")) }))

	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/panic/secret", nil))
	if w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "inside") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	id := w.Header().Get("X-Request-Id")
	if id == "" || !strings.Contains(w.Body.String(), id) || !strings.Contains(log.String(), id) || !strings.Contains(log.String(), "the inside") {
		t.Errorf("id %q, log %s", id, log)
	}
	if strings.Contains(log.String(), "secret") {
		t.Errorf("the path is in the log: %s", log)
	}
	log.Reset()
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/quiet/x", nil))
	if log.Len() > 0 {
		t.Errorf("a quiet route left %s", log)
	}
	w = httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/gone", nil))
	if w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "inside") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("abort became %v", v)
		}
	}()
	r.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/abort", nil))
}

func TestBrokenTemplateStopsTheStart(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	_, err := New(Options{Catalog: p.Catalog(), FS: fstest.MapFS{
		"static/a.css":               {Data: []byte("a")},
		"templates/layout/base.html": {Data: []byte(`{{define "base"}}{{block "content" .}}{{end}}{{end}}`)},
		"templates/pages/bad.html":   {Data: []byte(`{{define "content"}}{{if}}{{end}}`)},
	}})
	if err == nil || !strings.Contains(err.Error(), "pages/bad") {
		t.Errorf("%v", err)
	}
}

func TestErrorWordsInEveryLanguage(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	for _, l := range p.Catalog().All() {
		for _, key := range []string{"not_found", "gone", "forbidden", "bad_request", "too_large", "method", "too_many", "away", "ours"} {
			for _, part := range []string{"title", "text"} {
				if k := "error." + key + "." + part; !l.Has(k) {
					t.Errorf("%s lacks %s", l.Code(), k)
				}
			}
		}
	}
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	p := newPages(t)
	for _, c := range []struct{ query, newsletter, accept, want string }{
		{"uk", "en", "en", "uk"}, {"", "uk", "en", "uk"}, {"", "", "uk-UA,en;q=0.5", "uk"}, {"xx", "uk", "en", "uk"}, {"", "", "", "en"}, {"uk-UA", "", "", "uk"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/?lang="+c.query, nil)
		r.Header.Set("Accept-Language", c.accept)
		if got := p.Locale(r, c.newsletter).Code(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}
