package app_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestBrowserOwnPages is a reader on their own pages: settings saved and taken
// back, a link asked for and mailed, another address confirmed from its own
// mailbox, everything erased; and the archive, which is everybody's.
func TestBrowserOwnPages(t *testing.T) {
	for _, c := range []struct {
		lang    string
		scripts bool
	}{{"en", true}, {"uk", false}} {
		t.Run(c.lang, func(t *testing.T) {
			t.Parallel()
			b := newBrowser(t)
			s := newStage(t)
			if !c.scripts {
				b.withoutScripts()
			}
			look := func(name string) {
				if c.scripts { // axe is a script itself
					b.look("own-" + c.lang + "-" + name)
				}
			}
			from, to := "reader@example.com", "moved@example.com"
			s.join(c.lang, from)
			b.open(s.ready.SiteURL + c.lang + "/")
			b.follow(".backstage button")
			article := s.mail(3)

			b.open(s.link(article, "/archive/checked-"+c.lang+"/"))
			look("1-edition")
			title := b.text("h1")
			b.follow(".links a")
			look("2-archive")
			if !strings.Contains(b.text("main"), title) {
				t.Errorf("the archive lacks %q", title)
			}

			b.open(s.link(article, "/preferences/"))
			look("3-settings")
			run(b, chromedp.Click(chromedp.CSS("input[name=cadence][value=weekly]")))
			b.follow("#settings > button")
			look("4-saved")
			if s.id(`SELECT count(*) FROM subscription WHERE cadence = 'weekly'`) != 1 {
				t.Error("not saved")
			}
			b.follow(".notice button")
			if s.id(`SELECT count(*) FROM subscription WHERE cadence = 'instant'`) != 1 {
				t.Error("not taken back")
			}
			b.follow("section form button")
			look("5-link-mailed")
			b.open(s.link(s.mail(4), "/data/"))
			look("6-data")
			data := run(b, chromedp.Location())
			data, _, _ = strings.Cut(data, "?")
			for _, p := range []string{"mails", "consent", "erase"} {
				b.open(data + "/" + p + "?lang=" + c.lang)
				look("7-" + p)
			}
			if page := s.get(data + "/download"); !strings.Contains(page, from) {
				t.Errorf("the file lacks the address: %s", page)
			}

			b.open(data + "?lang=" + c.lang)
			b.fill("#email", to)
			s.waitOutScannerGuard()
			b.follow("form[action$='/address'] button")
			look("8-asked")
			s.mail(6)
			b.open(s.link(s.mailTo(to), "/address/"))
			look("9-confirm-address")
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("10-moved")
			if s.id(`SELECT count(*) FROM subscriber WHERE address = $1`, to) != 1 {
				t.Fatalf("not moved: %s", b.text("main"))
			}
			b.open(data)
			if got := s.mail(7); !strings.Contains(got, "X-Envelope-To: "+to) || !strings.Contains(got, "/preferences/") {
				t.Errorf("the new mailbox is not told: %s", got)
			}
			look("11-stale")
			b.follow("main form button")
			b.open(s.link(s.mail(8), "/data/"))
			data, _, _ = strings.Cut(run(b, chromedp.Location()), "?")
			b.open(data + "/erase?lang=" + c.lang)
			s.waitOutScannerGuard()
			b.follow("main form button")
			look("12-erased")
			s.nothingHolds(from, to)
		})
	}
}
