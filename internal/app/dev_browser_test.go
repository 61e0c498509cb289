package app_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"vistka/internal/locale/localetest"
	"vistka/internal/mailer"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/server"
	"vistka/internal/token"
	"vistka/web"
)

// TestBrowserDev looks at every page and mail under /dev/: on a phone in the
// dark in Ukrainian, on a desk by day in English. They need no database.
func TestBrowserDev(t *testing.T) {
	t.Parallel()
	base := devServer(t)
	list := body(t, base+"/dev/")
	for _, lang := range []string{"uk", "en"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			if lang == "uk" {
				b.size(320, 700, "dark")
			} else {
				b.size(1280, 900, "light")
			}
			paths := regexp.MustCompile(`/dev/[a-z_/-]+\?lang=`+lang).FindAllString(list, -1)
			if len(paths) == 0 {
				t.Fatal("no pages")
			}
			for _, path := range paths {
				if strings.HasPrefix(path, "/dev/mail/") {
					b.open(base + strings.Replace(path, "?", "/html?", 1))
					b.accessibleMail()
				} else {
					b.open(base + path)
					b.accessible()
				}
			}
		})
	}
}

// Where a logo does not come, no empty band is left in its place.
func TestBrowserLogoThatFails(t *testing.T) {
	t.Parallel()
	base := devServer(t)
	b := newBrowser(t)
	for _, width := range []int64{320, 1280} {
		b.size(width, 700, "light")
		for _, path := range []string{"/dev/signup?lang=en", "/dev/frame?lang=en"} {
			top := func(more string) float64 {
				b.open(base + path + more)
				return run(b, chromedp.Evaluate[float64](`document.querySelector("h1").getBoundingClientRect().top`))
			}
			if without, failed := top(""), top("&logo=https://logo.invalid/logo.png"); failed-without > 16 {
				t.Errorf("%s at %d: the words stand %v px lower", path, width, failed-without)
			}
		}
	}
}

// devServer is the public pages without what keeps data.
func devServer(t *testing.T) string {
	t.Helper()
	catalog := localetest.Catalog(t)
	s := httptest.NewUnstartedServer(nil)
	base := "http://" + s.Listener.Addr().String()
	log := slog.New(slog.DiscardHandler)
	pages, err := page.New(page.Options{FS: web.FS, Catalog: catalog, BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	renderer, err := mailer.NewRenderer(web.FS, catalog, mailer.Options{BaseURL: base})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewKeys("a secret key for tests only")
	if err != nil {
		t.Fatal(err)
	}
	clock := postgres.NewTestClock(time.Date(2026, time.November, 23, 8, 0, 0, 0, time.UTC))
	s.Config.Handler = server.New(server.Deps{Pages: pages, Keys: keys, Clock: clock, BaseURL: base, Log: log, Renderer: renderer, Dev: true})
	s.Start()
	t.Cleanup(s.Close)
	return base
}

func body(t *testing.T, url string) string {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d, %v", url, resp.StatusCode, err)
	}
	return string(raw)
}
