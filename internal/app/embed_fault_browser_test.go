package app_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// faultStyle is how what is wrong looks in the custom element, under a policy that
// allows no style.
const faultStyle = `(() => {
	const style = getComputedStyle(document.querySelector(".vistka-error"));
	return style.color + " on " + style.backgroundColor + ", " + style.fontWeight;
})()`

const (
	lightFault = "rgb(154, 35, 24) on rgb(249, 231, 225), 700"
	darkFault  = "rgb(240, 160, 147) on rgb(54, 31, 27), 700"
)

// wrong are the words for what is wrong as the element has them.
func (f *foreign) wrong(lang, key string) string {
	l := f.app.Catalog.For(lang)
	return l.T("signup.error_title") + ": " + l.T(key)
}

// codeOver types five wrong codes: no field is left for a sixth, and the focus is on
// the words that say what to do. The site is dark.
func (f *foreign) codeOver(t *testing.T, lang string) {
	t.Helper()
	b := newBrowser(t)
	b.open(f.url + "/article/element-" + lang)
	run(b, chromedp.Evaluate[chromedp.Void](`document.documentElement.style.colorScheme = "dark"`))
	b.tab(1)
	b.press("over-" + lang + "@example.com" + kb.Enter)
	b.await(`document.querySelector(".vistka-sent")`)
	wrong := "000000"
	if f.code(f.mailTo("over-"+lang+"@example.com")) == wrong {
		wrong = "000001"
	}
	b.tab(1)
	for range 5 {
		run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=code]").select(); document.querySelector(".vistka-error")?.remove()`))
		b.press(wrong + kb.Enter)
		b.await(`document.querySelector(".vistka-error")`)
	}
	if got := run(b, chromedp.Evaluate[string](`document.activeElement.textContent`)); got != f.wrong(lang, "sent.code_over") || b.focused() != "status" {
		t.Errorf("after five wrong codes the focus is on %s: %q", b.focused(), got)
	}
	if run(b, chromedp.Evaluate[bool](`!!document.querySelector(".vistka-sent :is(form, input)")`)) {
		t.Errorf("a field is left where no code works: %s", b.text(".vistka-sent"))
	}
	if got := run(b, chromedp.Evaluate[string](faultStyle)); got != darkFault {
		t.Errorf("on a dark site what is wrong is %s", got)
	}
	b.look("embed-element-over-" + lang)
}
