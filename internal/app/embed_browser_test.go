package app_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"vistka/internal/account"
	"vistka/internal/newsletter"
)

// foreign is a site of its own: another host than Vistka's, pages that hold
// what the admin pages gave, and nothing that a strict policy would forbid.
type foreign struct {
	*stage
	url      string
	snippets map[string]string // kind and language, as "plain-uk"

	mu     sync.Mutex
	policy string // Content-Security-Policy of the pages
	refer  string // Referrer-Policy
}

// newForeign lists the site in both newsletters and copies the snippets from
// the admin page, as whoever runs a site does.
func newForeign(t *testing.T) *foreign {
	t.Helper()
	f := &foreign{stage: newStage(t), snippets: map[string]string{}}
	srv := httptest.NewServer(f)
	t.Cleanup(srv.Close)
	_, port, err := net.SplitHostPort(srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	f.url = "http://localhost:" + port
	const password = "correct horse battery staple"
	if _, err := f.app.Accounts.Create(t.Context(), account.NewAccount{
		Address: "desk@example.com", Name: "Desk", Password: password, Role: account.Owner, Locale: "en",
	}); err != nil {
		t.Fatal(err)
	}
	b := newBrowser(t)
	b.open(f.ready.URL + "/admin/login")
	b.fill("input[name=address]", "desk@example.com")
	b.fill("input[name=password]", password)
	b.follow("main form button")
	for _, lang := range []string{"uk", "en"} {
		n, err := newsletter.BySlug(t.Context(), f.app.Pool, "checked-"+lang)
		if err != nil {
			t.Fatal(err)
		}
		n.Origins = append(n.Origins, f.url)
		if n, err = newsletter.Update(t.Context(), f.app.Pool, n); err != nil {
			t.Fatal(err)
		}
		b.open(fmt.Sprintf("%s/admin/newsletters/%d/embeds", f.ready.URL, n.ID))
		for _, kind := range []string{"plain", "element", "frame"} {
			f.snippets[kind+"-"+lang] = run(b, chromedp.Evaluate[string](`document.getElementById("html-`+kind+`").value`))
		}
		if lang == "en" {
			b.look("admin-embeds")
			b.follow(`a[lang=uk]`)
			if got := run(b, chromedp.Evaluate[string](`document.getElementById("html-plain").value`)); !strings.Contains(got, "Підписатися") {
				t.Errorf("the form in Ukrainian: %s", got)
			}
		}
	}
	return f
}

func (f *foreign) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	snippet, ok := f.snippets[strings.TrimPrefix(r.URL.Path, "/article/")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.Contains(r.URL.Path, "plain") { // the script and the frame find out by themselves
		snippet = strings.Replace(snippet, `name="article" value=""`, `name="article" value="`+f.url+r.URL.Path+`"`, 1)
	}
	lang := r.URL.Path[len(r.URL.Path)-2:]
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", f.policy)
	if f.refer != "" {
		w.Header().Set("Referrer-Policy", f.refer)
	}
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="%s"><head><meta charset="utf-8"><link rel="icon" href="data:">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>An article</title></head>
<body><main><h1>An article</h1>%s</main></body></html>`, lang, snippet)
}

// policies are what the admin page says a site must allow, and nothing beside it.
func (f *foreign) strict(allow string) string {
	return "default-src 'none'; base-uri 'none'; img-src data:; " + strings.ReplaceAll(allow, "VISTKA", f.ready.URL)
}

func (f *foreign) serve(policy, referrer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.policy, f.refer = f.strict(policy), referrer
}

// complaints are what the browser says a policy has stopped.
func (b *browser) complaints() func() []string {
	var mu sync.Mutex
	var out []string
	call(b, log.Enable, cdp.Empty{})
	if err := chromedp.Listen(b.ctx, func(ev any) {
		if e, ok := ev.(*log.EventEntryAdded); ok && strings.Contains(e.Entry.Text, "Content Security Policy") {
			mu.Lock()
			defer mu.Unlock()
			out = append(out, e.Entry.Text)
		}
	}); err != nil {
		b.t.Fatal(err)
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return append([]string(nil), out...)
	}
}

// tab moves the focus so many times.
func (b *browser) tab(times int) {
	b.t.Helper()
	for range times {
		b.press(kb.Tab)
	}
}

func (b *browser) focused() string {
	b.t.Helper()
	return run(b, chromedp.Evaluate[string](`document.activeElement.name || document.activeElement.getAttribute("role") || document.activeElement.tagName`))
}

// followKey presses a key and waits until the page that this leads to has loaded.
func (b *browser) followKey(key string) {
	b.t.Helper()
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.KeyEvent(key)))
}

// cookies counts all that the browser keeps.
func (b *browser) cookies() int {
	b.t.Helper()
	got, err := chromedp.CallBrowser(b.ctx, storage.GetCookies, storage.GetCookiesParams{})
	if err != nil {
		b.t.Fatal(err)
	}
	return len(got.Cookies)
}

const (
	plainPolicy   = "form-action VISTKA"
	elementPolicy = "form-action VISTKA; script-src VISTKA; connect-src VISTKA"
	framePolicy   = "frame-src VISTKA; script-src VISTKA"
)

// TestBrowserEmbeds signs up from a site of its own with each of the forms that
// the admin page gives, by keyboard alone.
func TestBrowserEmbeds(t *testing.T) {
	t.Parallel()
	f := newForeign(t)
	confirmed := func(article string) int64 {
		return f.id(`SELECT count(*) FROM signup WHERE confirmed_at IS NOT NULL AND article_url = $1`, article)
	}

	for _, c := range []struct{ lang, referrer string }{{"en", ""}, {"uk", "no-referrer"}} {
		f.serve(plainPolicy, c.referrer)
		b := newBrowser(t)
		stopped := b.complaints()
		article := f.url + "/article/plain-" + c.lang
		b.open(article)
		b.look("embed-plain-" + c.lang)
		b.withoutScripts()
		b.open(article)
		b.tab(1)
		b.press("plain@example.com")
		b.followKey(kb.Enter)
		if back := run(b, chromedp.Evaluate[string](`document.querySelector(".back a").href`)); back != article {
			t.Errorf("back leads to %s", back)
		}
		if n := f.id(`SELECT count(*) FROM signup WHERE article_url = $1 AND attested = $2`, article, c.referrer == ""); n != 1 {
			t.Errorf("%s: not signed up as it should be", article)
		}
		if s := stopped(); len(s) > 0 {
			t.Errorf("%s: %s", article, s)
		}
	}

	for _, lang := range []string{"en", "uk"} {
		f.serve(elementPolicy, "no-referrer")
		b := newBrowser(t)
		stopped := b.complaints()
		article := f.url + "/article/element-" + lang
		b.open(article)
		b.tab(1)
		b.press("reader@gmial.com" + kb.Enter)
		b.await(`document.querySelector("[role=status] button")`)
		if got := b.focused(); got != "email" {
			t.Errorf("after a hint the focus is on %s", got)
		}
		b.look("embed-element-hint-" + lang)
		run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=email]").select()`))
		b.press(kb.Backspace + kb.Enter)
		b.await(`document.querySelector("[name=email]").getAttribute("aria-invalid") === "true"`)
		tied := run(b, chromedp.Evaluate[string](`document.getElementById(document.activeElement.getAttribute("aria-describedby").split(" ").pop()).textContent`))
		if want := f.wrong(lang, "signup.empty"); tied != want {
			t.Errorf("%q is tied to the field, want %q", tied, want)
		}
		if got := run(b, chromedp.Evaluate[string](faultStyle)); got != lightFault {
			t.Errorf("what is wrong is %s", got)
		}
		b.look("embed-element-error-" + lang)
		b.press("element-" + lang + "@example.com" + kb.Enter)
		b.await(`document.querySelector(".vistka-sent")`)
		if got := b.focused(); got != "status" {
			t.Errorf("after the sign-up the focus is on %s", got)
		}
		if got := b.text(".vistka-sent"); !strings.Contains(got, f.app.Catalog.For(lang).T("sent.title")) ||
			!strings.Contains(got, f.app.Catalog.For(lang).T("sent.text", "address", "element-"+lang+"@example.com")) {
			t.Errorf("what is left to do: %q", got)
		}
		b.look("embed-element-sent-" + lang)
		b.tab(3) // the code, its button, send again
		b.press(kb.Enter)
		b.await(`document.querySelector(".vistka-sent > p + [role=status]").textContent === "` + f.app.Catalog.For(lang).T("sent.again_wait") + `"`)
		b.tab(1)
		b.press(kb.Enter) // wrong address
		b.await(`document.querySelector("[name=email]")`)
		if got := run(b, chromedp.Evaluate[string](`document.activeElement.value`)); got != "element-"+lang+"@example.com" {
			t.Errorf("the address to mend: %q", got)
		}
		pasted := "mailto:element-" + lang + "@example.com"
		b.press(pasted) // takes the place of what is there
		if got := run(b, chromedp.Evaluate[string](`document.activeElement.value`)); got != pasted {
			t.Errorf("typed over the address: %q", got)
		}
		b.press(kb.Enter)
		b.await(`document.querySelector(".vistka-sent")`)
		if got := b.text(".vistka-sent"); !strings.Contains(got, "el••@example.com") || strings.Contains(got, "element-") {
			t.Errorf("what was pasted with more about it: %q", got)
		}
		mail := f.mailTo("element-" + lang + "@example.com")
		b.tab(1)
		b.press("000000" + kb.Enter)
		b.await(`document.querySelector("[name=code]").getAttribute("aria-invalid") === "true"`)
		if got, want := b.text(".vistka-sent form .vistka-error"), f.wrong(lang, "sent.code_wrong"); got != want {
			t.Errorf("a wrong code: %q, want %q", got, want)
		}
		run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=code]").select()`))
		b.press(f.code(mail) + kb.Enter)
		b.await(`!document.querySelector("[name=code]")`)
		if got, want := b.text("[role=status]"), f.app.Catalog.For(lang).T("demo.thanks"); !strings.HasPrefix(got, want) || !strings.Contains(got, "el••@example.com") || b.focused() != "status" {
			t.Errorf("after the code: %q, focus on %s", got, b.focused())
		}
		b.look("embed-element-done-" + lang)
		if confirmed(article) != 1 || b.cookies() != 0 {
			t.Errorf("%s: not confirmed, or a cookie is left", article)
		}
		if s := stopped(); len(s) > 0 {
			t.Errorf("%s: %s", article, s)
		}
	}

	f.codeOver(t, "en")
	f.codeOver(t, "uk")

	// Where the site forbids the script to ask, the form is sent as it stands.
	f.serve("form-action VISTKA; script-src VISTKA", "")
	b := newBrowser(t)
	b.open(f.url + "/article/element-en")
	b.tab(1)
	b.press("fallback@example.com")
	b.followKey(kb.Enter)
	if got := b.text("h1"); got != f.app.Catalog.For("en").T("sent.title") {
		t.Errorf("without a connection: %q", got)
	}

	for _, lang := range []string{"en", "uk"} {
		f.serve(framePolicy, "")
		b := newBrowser(t)
		stopped := b.complaints()
		article := f.url + "/article/frame-" + lang
		b.size(320, 900, "light")
		var first string
		f.until("the frame's field has the focus", func() bool { // a frame that is not drawn yet is passed by
			b.open(article)
			b.await(`document.querySelector("iframe").height !== "320"`)
			first = run(b, chromedp.Evaluate[string](`document.querySelector("iframe").height`))
			b.tab(1) // into the frame: the field comes first
			return b.focused() == "IFRAME"
		})
		f.waitOutScannerGuard()
		b.press(kb.Enter) // an empty field, to be told so: what answers has the focus where it is to be
		b.await(`document.querySelector("iframe").height !== "` + first + `"`)
		first = run(b, chromedp.Evaluate[string](`document.querySelector("iframe").height`))
		f.waitOutScannerGuard()
		b.press("frame-" + lang + "@example.com" + kb.Enter)
		mail := f.mailTo("frame-" + lang + "@example.com")
		b.await(`document.querySelector("iframe").height !== "` + first + `"`)
		b.look("embed-frame-" + lang)
		b.tab(1)
		b.press(f.code(mail) + kb.Enter)
		b.await(`document.querySelector("iframe").height !== "` + first + `"`)
		f.until("confirmed in the frame", func() bool { return confirmed(article) == 1 })
		if s := stopped(); len(s) > 0 {
			t.Errorf("%s: %s", article, s)
		}
	}
}
