package server_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"vistka/internal/page"
)

// maxScript is what a site's readers load at most, compressed.
const maxScript = 3 << 10

func TestEmbeddedScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	path, integrity, err := page.Embedded(os.DirFS("../../web"), "vistka.js")
	if err != nil {
		t.Fatal(err)
	}
	got := s.get(path, "Origin", "https://anywhere.example")
	sum := sha512.Sum384([]byte(got.body))
	if want := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); got.StatusCode != http.StatusOK || integrity != want {
		t.Errorf("%s: %d, integrity %s, want %s", path, got.StatusCode, integrity, want)
	}
	if !strings.Contains(got.Header.Get("Cache-Control"), "immutable") || got.Header.Get("Access-Control-Allow-Origin") != "*" ||
		!strings.HasPrefix(got.Header.Get("Content-Type"), "text/javascript") {
		t.Errorf("headers %v", got.Header)
	}
	for _, banned := range []string{"document.cookie", "localStorage", "innerHTML", "eval(", ".style"} {
		if strings.Contains(got.body, banned) {
			t.Errorf("the script uses %s", banned)
		}
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(got.body))
	_ = z.Close()
	if packed.Len() > maxScript {
		t.Errorf("%d octets compressed, %d at most", packed.Len(), maxScript)
	}
	if plain := s.get("/embed/vistka.js"); plain.body != got.body || plain.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("under its plain name: %v", plain.Header)
	}
	for _, other := range []string{"/embed/vistka.000000000000.js", "/embed/tokens.css", "/embed/vistka."} {
		if got := s.get(other); got.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", other, got.StatusCode)
		}
	}
}

// framers are the sources that may show a page in a frame.
func framers(a answer) string {
	_, csp, _ := strings.Cut(a.Header.Get("Content-Security-Policy"), "frame-ancestors ")
	return csp
}

func TestFrame(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	const listed = "'self' " + siteOrigin
	shown := s.get("/embed/watch?lang=en", "Referer", article)
	if framers(shown) != listed || shown.doc.Find("header, footer").Length() != 0 || shown.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("frame-ancestors %s", framers(shown))
	}
	if parents := shown.doc.Find("body").AttrOr("data-parents", ""); parents != siteOrigin {
		t.Errorf("messages go to %q", parents)
	}
	form := fill(shown.doc, "form")
	if form.Get("article") != article {
		t.Errorf("the article of the page round the frame: %q", form.Get("article"))
	}
	if got := s.get("/embed/watch", "Referer", siteOrigin+"/"); fill(got.doc, "form").Get("article") != "" {
		t.Error("a site alone is no article")
	}
	form.Set("email", "nadia@example.org")
	s.clock.Advance(3 * time.Second)
	sent := s.post("/subscribe", form, "Origin", baseURL)
	if sent.text("h1") != "One step left" || framers(sent) != listed || sent.doc.Find(".back").Length() != 0 {
		t.Errorf("%d %q %s", sent.StatusCode, sent.text("main"), framers(sent))
	}
	if wrong := sent.doc.Find(".buttons > a").AttrOr("href", ""); !strings.HasPrefix(wrong, "/embed/watch?") || framers(s.get(wrong)) != listed {
		t.Errorf("wrong address leads to %q", wrong)
	}
	if got := s.post("/subscribe/again", fill(sent.doc, "form[action='/subscribe/again']"), "Origin", baseURL); framers(got) != listed {
		t.Errorf("send again leaves the frame: %s", framers(got))
	}
	code := fill(sent.doc, "form[action='/subscribe/code']")
	code.Set("code", s.code(1))
	done := s.post("/subscribe/code", code, "Origin", baseURL)
	if done.StatusCode != http.StatusOK || done.text("h1") != "Thank you for subscribing!" || framers(done) != listed {
		t.Errorf("%d %q %s", done.StatusCode, done.text("main"), framers(done))
	}
	if s.count("SELECT count(*) FROM signup WHERE article_url = '"+article+"' AND confirmed_at IS NOT NULL") != 1 {
		t.Error("not confirmed, or the article was lost")
	}

	// What goes wrong is told in the frame too; a page that nobody asked for in a frame is not for frames.
	if got := s.post("/subscribe", url.Values{"newsletter": {"watch"}, "frame": {"1"}, "email": {"x"}}, "Origin", "https://elsewhere.example"); got.StatusCode != http.StatusForbidden || framers(got) != listed {
		t.Errorf("%d %s", got.StatusCode, framers(got))
	}
	for _, got := range []answer{s.get("/n/watch"), s.get("/embed/none"), s.post("/subscribe", foreign("olha@example.org"), "Origin", siteOrigin)} {
		if framers(got) != "'none'" {
			t.Errorf("%q may be framed by %s", got.text("h1"), framers(got))
		}
	}
	if _, err := s.pool.Exec(t.Context(), "UPDATE newsletter SET archived_at = now()"); err != nil {
		t.Fatal(err)
	}
	if got := s.get("/embed/watch"); got.StatusCode != http.StatusGone || framers(got) != listed || got.text("h1") == "" {
		t.Errorf("archived: %d %s", got.StatusCode, framers(got))
	}
}

// script is what the custom element does on a page of origin.
type script struct {
	*site
	origin string
}

func (c script) send(method, path string, body any) (answer, map[string]any) {
	c.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		c.t.Fatal(err)
	}
	r := httptest.NewRequest(method, "/api/v1/subscriptions"+path, bytes.NewReader(raw))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", c.origin)
	got := c.do(r)
	var said map[string]any
	if got.body != "" {
		if err := json.Unmarshal([]byte(got.body), &said); err != nil {
			c.t.Fatalf("%s %s: %s", method, path, got.body)
		}
	}
	return got, said
}

func TestSignUpByScript(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := script{s, siteOrigin}
	readable := func(a answer) bool {
		return a.Header.Get("Access-Control-Allow-Origin") == siteOrigin && strings.Contains(strings.Join(a.Header.Values("Vary"), " "), "Origin") &&
			a.Header.Get("Access-Control-Allow-Credentials") == "" && len(a.Cookies()) == 0
	}
	asked, _ := c.send(http.MethodOptions, "", nil)
	if asked.StatusCode != http.StatusNoContent || !readable(asked) || asked.Header.Get("Access-Control-Allow-Headers") != "Content-Type" {
		t.Errorf("preflight: %d %v", asked.StatusCode, asked.Header)
	}
	got, said := c.send(http.MethodGet, "/form?newsletter=watch", nil)
	if !readable(got) || said["form"] == "" {
		t.Errorf("form: %d %s", got.StatusCode, got.body)
	}
	sent, said := c.send(http.MethodPost, "", map[string]any{
		"newsletter": "watch", "lang": "uk", "email": "nadia@example.org", "article": article, "form": said["form"],
	})
	words, _ := said["words"].(map[string]any)
	if nothing, _ := words["nothing"].(string); !strings.Contains(nothing, "«Спам» та «Промоакції»") || words["prefix"] != "Помилка" {
		t.Errorf("where to look, what stands before what is wrong: %v", words)
	}
	if sent.StatusCode != http.StatusAccepted || !readable(sent) || words["title"] != "Залишився один крок" || strings.Contains(sent.body, "nadia@") {
		t.Fatalf("%d %s", sent.StatusCode, sent.body)
	}
	step := map[string]any{"newsletter": "watch", "handle": said["handle"], "lang": "en", "code": "000000x"}
	if got, said := c.send(http.MethodPost, "/again", step); !readable(got) || said["status"] != "wait" || said["handle"] == "" {
		t.Errorf("again: %d %s", got.StatusCode, got.body)
	}
	s.clock.Advance(61 * time.Second)
	if got, said := c.send(http.MethodPost, "/again", step); said["status"] != "sent" || s.asked() != 2 {
		t.Errorf("again: %d %s", got.StatusCode, got.body)
	}
	if got, said := c.send(http.MethodPost, "/code", step); got.StatusCode != http.StatusUnprocessableEntity || said["field"] != "code" || said["prefix"] != "Error" {
		t.Errorf("wrong code: %d %s", got.StatusCode, got.body)
	}
	step["code"] = s.code(1)
	done, said := c.send(http.MethodPost, "/code", step)
	words, _ = said["words"].(map[string]any)
	if text, _ := words["text"].(string); !strings.Contains(text, "link for that is in every mail") || strings.Contains(done.body, "/preferences/") {
		t.Errorf("the way to the settings: %s", done.body)
	}
	if said["status"] != "confirmed" || words["title"] != "Thank you for subscribing!" || s.count("SELECT count(*) FROM subscription") != 1 {
		t.Errorf("code: %d %s", done.StatusCode, done.body)
	}
	if _, said := c.send(http.MethodPost, "/code", step); said["status"] != "already" {
		t.Errorf("the same code again: %v", said)
	}
}

// Words that belong beside the field name it; what only a page of ours can
// mend does not.
func TestScriptIsToldWhereAProblemBelongs(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	c := script{s, siteOrigin}
	for body, want := range map[string]string{
		`{"newsletter":"watch","email":""}`:                "/problems/empty email Error",
		`{"newsletter":"watch","email":"nadia@gmial.com"}`: "/problems/typo email <nil>",
	} {
		if _, said := c.send(http.MethodPost, "", json.RawMessage(body)); fmt.Sprint(said["type"], " ", said["field"], " ", said["prefix"]) != want {
			t.Errorf("%s: %v", body, said)
		}
	}
	var said map[string]any
	for range 25 {
		_, said = c.send(http.MethodPost, "", map[string]any{"newsletter": "watch", "email": "nadia@example.org"})
	}
	if said["type"] != "/problems/challenge" || said["field"] != nil {
		t.Errorf("over the limit of a network: %v", said)
	}
	s.pool.Close()
	if got, said := c.send(http.MethodPost, "", map[string]any{"newsletter": "watch", "email": "nadia@example.org"}); got.StatusCode != http.StatusServiceUnavailable || said["field"] != nil {
		t.Errorf("without a database: %d %v", got.StatusCode, said)
	}
}

// A page that is on no list may neither ask nor read.
func TestNoScriptOfAnotherSite(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, origin := range []string{"https://elsewhere.example", "https://news.example.org.elsewhere.example", "http://news.example.org", "null"} {
		c := script{s, origin}
		for method, paths := range map[string][]string{
			http.MethodOptions: {"", "/again", "/code"}, http.MethodPost: {"", "/again", "/code"}, http.MethodGet: {"/form?newsletter=watch"},
		} {
			for _, path := range paths {
				got, _ := c.send(method, path, map[string]any{"newsletter": "watch", "email": "nadia@example.org", "handle": "x"})
				if got.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s: %s %q may be read", origin, method, path)
				}
				if origin != "null" && method != http.MethodOptions && got.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s %q: %d", origin, method, path, got.StatusCode)
				}
			}
		}
	}
	if n := s.count("SELECT count(*) FROM signup WHERE attested"); n != 0 {
		t.Errorf("%d attested", n)
	}
}
