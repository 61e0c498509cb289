package app_test

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// axe is the accessibility checker that is run on every page that is walked.
//
//go:embed testdata/axe.min.js
var axe string

// stepTimeout bounds one act in the browser; none takes long, so that reaching
// it means something is broken.
const stepTimeout = 30 * time.Second

// withoutScripts lets pages run no JavaScript from now on.
func (b *browser) withoutScripts() {
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
}

// call runs one command of the DevTools protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, command, params); err != nil {
		b.t.Fatal(err)
	}
}

func run[T any](b *browser, a chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, stepTimeout)
	defer cancel()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		where, _ := chromedp.Run(b.ctx, chromedp.Location())
		b.t.Fatalf("at %s: %v", where, err)
	}
	return v
}

func (b *browser) open(url string) { b.t.Helper(); run(b, chromedp.Navigate(url)) }

func (b *browser) fill(selector, value string) {
	b.t.Helper()
	run(b, chromedp.SendKeys(chromedp.CSS(selector), value))
}

// follow clicks and waits until the page that this leads to has loaded.
func (b *browser) follow(selector string) {
	b.t.Helper()
	run(b, chromedp.WaitEvent(page.LoadEventFired, nil, chromedp.Click(chromedp.CSS(selector))))
}

// press presses keys where the focus is, in a frame too.
func (b *browser) press(keys string) { b.t.Helper(); run(b, chromedp.KeyEvent(keys)) }

// await waits until the page makes an expression true.
func (b *browser) await(expression string) {
	b.t.Helper()
	run(b, chromedp.Evaluate[bool](`new Promise(done => {
		const look = () => (`+expression+`) && done(true);
		if (!look()) new MutationObserver(look).observe(document, {childList: true, subtree: true, attributes: true, characterData: true});
	})`, chromedp.EvalAwaitPromise))
}

func (b *browser) text(selector string) string {
	b.t.Helper()
	return run(b, chromedp.TextContent(chromedp.CSS(selector)))
}

// size sets the window, in CSS pixels, and the colour scheme.
func (b *browser) size(width, height int64, scheme string) {
	b.t.Helper()
	run(b, chromedp.EmulateViewport(width, height))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// accessible runs axe-core on the page as it is: any violation of WCAG 2.2 AA
// or of axe's best practices fails the test. It also looks for a page that
// needs sideways scrolling (1.4.10).
func (b *browser) accessible() {
	b.t.Helper()
	b.axe("{iframes: false, resultTypes: ['violations'], rules: {" + targetSize + "}}")
}

// accessibleMail is accessible for a mail, which is no page: the mail program
// has the landmarks.
func (b *browser) accessibleMail() {
	b.t.Helper()
	b.axe("{resultTypes: ['violations'], rules: {" + targetSize + ", region: {enabled: false}, 'landmark-one-main': {enabled: false}}}")
}

// targetSize is a rule that axe leaves out of its own accord. Controls as the
// browser makes them, on a page without any style, are exempt (2.5.8).
const targetSize = "'target-size': {enabled: document.styleSheets.length > 0}"

func (b *browser) axe(options string) {
	b.t.Helper()
	if !b.checks {
		run(b, chromedp.Evaluate[chromedp.Void](axe))
		// Pages to come have it from the browser: it is half a megabyte to send.
		call(b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: axe})
		b.checks = true
	}
	type violation struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	found := run(b, chromedp.Evaluate[[]violation](
		`axe.run(document, `+options+`).then(r => r.violations.map(v => ({ID: v.id, Help: v.help, Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary}))})))`,
		chromedp.EvalAwaitPromise))
	for _, v := range found {
		detail, _ := json.MarshalIndent(v.Nodes, "", "  ")
		b.t.Errorf("%s: axe %s: %s\n%s", run(b, chromedp.Location()), v.ID, v.Help, detail)
	}
	if over := run(b, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`)); over > 0 {
		b.t.Errorf("%s: %d px wider than the window", run(b, chromedp.Location()), over)
	}
}

// look checks the page as people have it: by day on a desk, in the dark on a
// phone. Pictures go to the folder that VISTKA_SCREENSHOTS names.
func (b *browser) look(name string) {
	b.t.Helper()
	folder := os.Getenv("VISTKA_SCREENSHOTS")
	for _, view := range []struct {
		width  int64
		scheme string
	}{{1280, "light"}, {320, "dark"}} {
		b.size(view.width, 900, view.scheme)
		b.accessible()
		if folder == "" {
			continue
		}
		file := filepath.Join(folder, fmt.Sprintf("%s-%d-%s.png", name, view.width, view.scheme))
		if err := os.WriteFile(file, run(b, chromedp.FullScreenshot(100)), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}
