package app_test

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// below is how many pixels lie between what the first selector finds and what the
// second finds, or the words behind it.
const below = `(upper, lower, behind) => {
	const range = document.createRange();
	range.selectNodeContents(document.querySelector(lower));
	if (behind) range.setStartAfter(document.querySelector(upper));
	const box = behind ? range.getBoundingClientRect() : document.querySelector(lower).getBoundingClientRect();
	return box.top - document.querySelector(upper).getBoundingClientRect().bottom;
}`

// The form in place on the site of the demo has the distances of its site, on a phone
// and on a desk: nothing sticks to what stands above it, and a ring does not touch the next words.
func TestBrowserDemoForm(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	b := newBrowser(t)
	apart := func(what string, least float64, width int64, arguments string) {
		t.Helper()
		b.size(width, 900, "light")
		if got := run(b, chromedp.Evaluate[float64](`(`+below+`)(`+arguments+`)`)); got < least || got > 32 {
			t.Errorf("%s at %d: %v px", what, width, got)
		}
	}
	b.open(s.ready.SiteURL + "en/")
	b.follow(".river h2 a")
	b.fill("[name=email]", "reader@gmial.com"+kb.Enter)
	b.await(`document.querySelector(".signup form [role=status] button")`)
	apart("the words behind a suggested address", 8, 320, `".signup [role=status] button", ".signup [role=status]", true`)
	b.look("demo-hint")
	run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=email]").select()`))
	b.press("over-demo@example.com" + kb.Enter)
	b.await(`document.querySelector(".vistka-sent")`)
	apart("the button of the code", 8, 320, `"[name=code]", ".vistka-sent form button"`)
	b.look("demo-sent")
	wrong := "000000"
	if s.code(s.mailTo("over-demo@example.com")) == wrong {
		wrong = "000001"
	}
	run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=code]").focus()`))
	for range 5 {
		run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector("[name=code]").select(); document.querySelector(".vistka-error")?.remove()`))
		b.press(wrong + kb.Enter)
		b.await(`document.querySelector(".vistka-error")`)
	}
	apart("what stands below the code that is over", 20, 1280, `".vistka-error", ".vistka-sent > [role=status]:not(:first-child) + p"`)
	b.look("demo-over")
	run(b, chromedp.Evaluate[chromedp.Void](`document.querySelector(".vistka-sent p button").click()`))
	b.await(`document.querySelector(".vistka-sent > :last-child").textContent`)
	apart("what “send again” came to", 8, 320, `".vistka-sent p button:last-child", ".vistka-sent > :last-child"`)
	b.look("demo-again")
}
