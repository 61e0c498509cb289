package feed

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// serve starts a server and a fetcher that may ask it.
func serve(t *testing.T, h http.HandlerFunc) (*Fetcher, string) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &Fetcher{Allow: []string{strings.TrimPrefix(s.URL, "http://")}, UserAgent: "Vistka-test"}, s.URL
}

const tiny = `<rss version="2.0"><channel><title>x</title></channel></rss>`

func TestFetchConditional(t *testing.T) {
	t.Parallel()
	var agent, accept atomic.Value
	f, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		agent.Store(r.UserAgent())
		accept.Store(r.Header.Get("Accept"))
		w.Header().Set("ETag", `"v1"`)
		if r.Header.Get("If-None-Match") == `"v1"` && r.Header.Get("If-Modified-Since") != "" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Header().Set("Last-Modified", "Mon, 02 Mar 2026 08:00:00 GMT")
		_, _ = w.Write([]byte(tiny))
	})
	first, err := f.Fetch(t.Context(), Request{URL: base + "/feed"})
	if err != nil || first.NotModified || string(first.Body) != tiny {
		t.Fatalf("first: %+v, %v", first, err)
	}
	second, err := f.Fetch(t.Context(), Request{URL: base + "/feed", ETag: first.ETag, LastModified: first.LastModified})
	if err != nil || !second.NotModified || second.ETag != first.ETag || second.LastModified != first.LastModified {
		t.Fatalf("second: %+v, %v", second, err)
	}
	if agent.Load() != "Vistka-test" || !strings.Contains(accept.Load().(string), "application/feed+json") {
		t.Errorf("asked as %v for %v", agent.Load(), accept.Load())
	}
}

func TestUnaskedNotModifiedIsAnError(t *testing.T) {
	t.Parallel()
	f, base := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	if _, err := f.Fetch(t.Context(), Request{URL: base}); KindOf(err) != KindStatus {
		t.Errorf("error is %v", err)
	}
}

func TestFetchErrors(t *testing.T) {
	t.Parallel()
	zeros := func(w http.ResponseWriter) {
		block := make([]byte, 1<<20)
		for range 1024 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	f, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/loop":
			http.Redirect(w, r, "/loop?"+r.URL.RawQuery+"x", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/hostname", http.StatusFound)
		case "/inside":
			http.Redirect(w, r, "http://127.0.0.1:5432/", http.StatusFound)
		case "/metadata":
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data/", http.StatusFound)
		case "/endless":
			zeros(w)
		case "/bomb":
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			block := make([]byte, 1<<20)
			for range 64 {
				if _, err := z.Write(block); err != nil {
					return
				}
			}
			_ = z.Close()
		case "/brotli":
			w.Header().Set("Content-Encoding", "br")
			_, _ = w.Write([]byte("x"))
		case "/picture":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("x"))
		case "/busy":
			w.Header().Set("Retry-After", "120")
			w.WriteHeader(http.StatusTooManyRequests)
		case "/away":
			w.Header().Set("Date", "Mon, 02 Mar 2026 08:00:00 GMT")
			w.Header().Set("Retry-After", "Mon, 02 Mar 2026 09:00:00 GMT")
			w.WriteHeader(http.StatusServiceUnavailable)
		case "/gone":
			w.WriteHeader(http.StatusGone)
		case "/fault":
			w.WriteHeader(http.StatusBadGateway)
		case "/hang-up":
			c, _, _ := w.(http.Hijacker).Hijack()
			_ = c.Close()
		}
	})
	for _, row := range []struct {
		url   string
		kind  Kind
		retry time.Duration
	}{
		{base + "/loop", KindRedirect, 0},
		{base + "/file", KindRedirect, 0},
		{base + "/inside", KindRefused, 0},
		{base + "/metadata", KindRefused, 0},
		{base + "/endless", KindTooLarge, 0},
		{base + "/bomb", KindTooLarge, 0},
		{base + "/brotli", KindContentType, 0},
		{base + "/picture", KindContentType, 0},
		{base + "/busy", KindBusy, 2 * time.Minute},
		{base + "/away", KindBusy, time.Hour},
		{base + "/gone", KindGone, 0},
		{base + "/fault", KindStatus, 0},
		{base + "/nothing", KindEmpty, 0},
		{base + "/hang-up", KindConnect, 0},
		{"ftp://example.org/feed", KindAddress, 0},
		{"example.org/feed", KindAddress, 0},
		{"https://user:pw@example.org/", KindAddress, 0},
		{"https://", KindAddress, 0},
		{"http://127.0.0.1/", KindRefused, 0},
		{"http://127.0.0.1:1/", KindRefused, 0},
		{"http://2130706433/", "", 0},
		{"http://0x7f000001/", "", 0},
		{"http://0177.0.0.1/", "", 0},
		{"http://127.1/", "", 0},
		{"http://localhost/", KindRefused, 0},
		{"http://[::1]/", KindRefused, 0},
		{"http://[::ffff:127.0.0.1]/", KindRefused, 0},
		{"http://[::ffff:7f00:1]:80/", KindRefused, 0},
		{"http://[64:ff9b::7f00:1]/", KindRefused, 0},
		{"http://0.0.0.0/", KindRefused, 0},
		{"http://10.0.0.1/", KindRefused, 0},
		{"http://192.0.2.1:8080/", KindRefused, 0},
	} {
		_, err := f.Fetch(t.Context(), Request{URL: row.url})
		kind := KindOf(err)
		if row.kind == "" { // an odd spelling: refused, or no such name, by the resolver
			if kind != KindRefused && kind != KindDNS {
				t.Errorf("%s: %v", row.url, err)
			}
			continue
		}
		if kind != row.kind || Delay(err) != row.retry || Words(err).Key == "" {
			t.Errorf("%s: kind %q, retry %s: %v", row.url, kind, Delay(err), err)
		}
	}
}

func TestNoConnectionToARefusedAddress(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(s.Close)
	f := &Fetcher{Allow: []string{"elsewhere.example:80"}}
	if _, err := f.Fetch(t.Context(), Request{URL: s.URL}); KindOf(err) != KindRefused || hits.Load() != 0 {
		t.Errorf("%d hits, %v", hits.Load(), err)
	}
	if p := f.CheckPage(t.Context(), s.URL); p.Live || p.Status != 0 || hits.Load() != 0 {
		t.Errorf("%d hits, %+v", hits.Load(), p)
	}
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	var hits atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(proxy.Close)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("http_proxy", proxy.URL)
	f := &Fetcher{}
	_, err := f.Fetch(t.Context(), Request{URL: "http://192.0.2.1/"})
	if hits.Load() != 0 || KindOf(err) != KindRefused {
		t.Errorf("%d hits on the proxy, %v", hits.Load(), err)
	}
	f.build()
	if f.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("the transport has a proxy")
	}
}

func TestIsPublic(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"1.1.1.1": true, "93.184.216.34": true, "2606:2800:220:1::1": true, "2a00:1450::1": true,
		"0.0.0.0": false, "10.1.2.3": false, "100.64.0.1": false, "127.255.0.1": false, "169.254.169.254": false, "172.31.0.1": false,
		"192.168.1.1": false, "198.19.0.1": false, "224.0.0.1": false, "255.255.255.255": false,
		"::": false, "::1": false, "fe80::1": false, "fc00::1": false, "fd00:ec2::254": false, "ff02::1": false, "::ffff:10.0.0.1": false,
		"::ffff:1.1.1.1": true, "::7f00:1": false, "64:ff9b::a00:1": false, "2002:7f00:1::": false, "2001:0:1::": false, "2001:db8::1": false,
	} {
		if got := isPublic(netip.MustParseAddr(raw)); got != want {
			t.Errorf("%s: %v", raw, got)
		}
	}
}

func TestRedirectsAndMoves(t *testing.T) {
	t.Parallel()
	f, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n, code int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d/%d", &code, &n); err == nil && n > 0 {
			http.Redirect(w, r, fmt.Sprintf("/%d/%d", code, n-1), code)
			return
		}
		_, _ = w.Write([]byte(tiny))
	})
	for _, row := range []struct {
		path, moved string
		ok          bool
	}{{"/301/0", "", true}, {"/301/2", "/301/0", true}, {"/308/5", "/308/0", true}, {"/302/5", "", true}, {"/301/6", "", false}} {
		resp, err := f.Fetch(t.Context(), Request{URL: base + row.path})
		if (err == nil) != row.ok {
			t.Errorf("%s: %v", row.path, err)
		}
		if moved := strings.TrimPrefix(resp.MovedTo, base); moved != row.moved {
			t.Errorf("%s: moved to %q, want %q", row.path, moved, row.moved)
		}
	}
}

func TestStoppedFetchEnds(t *testing.T) {
	t.Parallel()
	asked, stop := make(chan struct{}), make(chan struct{})
	f, base := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	})
	t.Cleanup(func() { close(stop) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	if _, err := f.Fetch(ctx, Request{URL: base}); err == nil {
		t.Error("a stopped fetch had no error")
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	f, base := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/named":
			_, _ = w.Write([]byte(`<!doctype html><html><head><base href="/x/">
<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">
<link rel="alternate" hreflang="uk" href="/uk/">
<link rel="ALTERNATE" type="application/atom+xml; charset=utf-8" title="News &amp; more" href="atom"></head></html>`))
		case "/rss.xml", "/self":
			_, _ = w.Write([]byte(tiny))
		case "/feed/":
			http.NotFound(w, r)
		default:
			_, _ = w.Write([]byte("<!doctype html><title>Nothing here</title>"))
		}
	})
	for path, want := range map[string]string{
		"/named": "/x/atom News & more, /comments/feed/ Comments",
		"/self":  "/self x",
		"/page":  "/rss.xml x",
	} {
		found, err := f.Discover(t.Context(), base+path)
		var got []string
		for _, c := range found {
			u, _ := url.Parse(c.URL)
			got = append(got, u.Path+" "+c.Title)
		}
		if err != nil || strings.Join(got, ", ") != want {
			t.Errorf("%s: %v, %v", path, got, err)
		}
	}
	bare, bareURL := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><title>x</title>"))
	})
	if _, err := bare.Discover(t.Context(), bareURL); KindOf(err) != KindNotFeed {
		t.Errorf("a site without a feed: %v", err)
	}
}
