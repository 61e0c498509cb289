package mailer_test

import (
	"bytes"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"vistka/internal/mailer"
)

// hostile are titles, names and addresses as a bad feed would write them.
var hostile = []string{
	"x\r\nBcc: victim@example.net", "x\nList-Unsubscribe: <https://evil.example>", "a\r\n.\r\nMAIL FROM:<a@b.example>\r\n", ".", "\n.\n", "\r.\r",
	"=?utf-8?q?x=0d=0aBcc:_y?=", "%0d%0aBcc: y", "\u2028Bcc: y", "\u202etxt.exe", "{{.}}", `{{template "x"}}`, "<script>alert(1)</script>", "--><b>", "<![endif]-->",
	strings.Repeat("w", 5000), strings.Repeat("щ", 500), strings.Repeat("👍🏽", 200), "Re: hello", "\x00\x07", "", "\xff\xfe", `"><img src=x onerror=alert(1)>`,
	"https://slot.invalid/0123456789abcdef01234567/u",
}

// corpus is every kind of mail, and editions of everything hostile.
func corpus(t *testing.T) map[string][]byte {
	t.Helper()
	r := newRenderer(t)
	out := map[string][]byte{}
	for name, c := range everyMail(t, r) {
		out[name] = c.Append(nil, reader)
	}
	for i, s := range hostile {
		e := editionOf("en", mailer.Daily, 2)
		e.Newsletter.Name, e.Newsletter.FromName, e.Newsletter.PostalAddress = "News "+s, s, s
		for j := range e.Articles {
			a := &e.Articles[j]
			a.Title, a.Author, a.Summary, a.ImageAlt, a.Topics = s, s, s, s, []string{s}
			a.URL, a.ImageURL = "https://www.example.com/"+s, "https://www.example.com/"+s
		}
		out[fmt.Sprintf("hostile %d of two", i)] = compiled(t, r, e)
		e.Articles = e.Articles[:1]
		e.Articles[0].ContentHTML = "<p>" + s + "</p>" + s
		out[fmt.Sprintf("hostile %d alone", i)] = compiled(t, r, e)
	}
	return out
}

func compiled(t *testing.T, r *mailer.Renderer, e mailer.EditionContent) []byte {
	t.Helper()
	c, err := r.CompileEdition(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Check(reader); err != nil {
		t.Fatal(err)
	}
	return c.Append(nil, reader)
}

func TestEveryMailOnTheWire(t *testing.T) {
	t.Parallel()
	leaks := regexp.MustCompile(`(?i)user-agent|x-mailer|go-mail|vistka|localhost|127\.0\.0\.1|slot\.invalid|x-auto-response-suppress|list-post`)
	for name, raw := range corpus(t) {
		head, text, html := parts(t, raw)
		checks := []struct {
			rule string
			ok   bool
		}{
			{"A1 ends with CRLF", bytes.HasSuffix(raw, []byte("\r\n"))},
			{"A1 no bare CR or LF", !regexp.MustCompile(`\r[^\n]|[^\r]\n|^\n|\r$`).Match(raw)},
			{"A1 lines", longest(string(raw)) <= 998 && longest(string(raw)[len(head):]) <= 76},
			{"A1 ASCII", !regexp.MustCompile(`[^\x20-\x7e\r\n]`).Match(raw)},
			{"A2 one of each", once(head, "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Auto-Submitted")},
			{"A2 at most one", atMostOnce(head, "Reply-To", "Sender", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Precedence", "Feedback-ID")},
			{"A3 Message-ID", strings.Contains(head, "\r\nMessage-ID: <"+reader.MessageID+">\r\n")},
			{"A4 Date", strings.Contains(head, "Date: Mon, 23 Nov 2026 08:00:00 +0200\r\n")},
			{"A6 text first, html last", strings.Index(string(raw), "Content-Type: text/plain") < strings.Index(string(raw), "Content-Type: text/html")},
			{"A6 text stands alone", text != "" && !regexp.MustCompile(`(?i)<(p|td|a|div|br)[ >]|&nbsp;|&amp;`).MatchString(text)},
			{"A7 no header of others", !regexp.MustCompile(`(?mi)^(Bcc|MAIL FROM)`).MatchString(head)},
			{"A8 nothing to stuff", !bytes.Contains(raw, []byte("\n.")) && raw[0] != '.'},
			{"A11 automatic", strings.Contains(head, "\r\nAuto-Submitted: auto-generated\r\n")},
			{"A14 one To", strings.Contains(head, "\r\nTo: reader@example.org\r\n")},
			{"A18 size", htmlSize(raw) <= 90_000},
			{"A19 no leak", !leaks.MatchString(head) && !strings.Contains(html, "slot.invalid/")},
			{"words for every key", !strings.Contains(text+html+head, "[mail.") && !strings.Contains(text+html, "<no value>")},
			{"no script", !regexp.MustCompile(`(?i)<script|<img src=x`).MatchString(html)},
		}
		for _, c := range checks {
			if !c.ok && !(strings.HasPrefix(c.rule, "A19") && strings.Contains(name, fmt.Sprintf("hostile %d ", len(hostile)-1))) {
				t.Errorf("%s: %s\n%s", name, c.rule, head)
			}
		}
		if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEditionHeaders(t *testing.T) {
	t.Parallel()
	for code, id := range map[string]string{"en": "source-check", "uk": "perevirka"} {
		head, text, html := parts(t, compiled(t, newRenderer(t), editionOf(code, mailer.Weekly, 3)))
		for _, want := range []string{
			" <" + id + ".news.example.com>\r\n",                                                                                     // A9: never inside an encoded-word
			"\r\nList-Unsubscribe: <" + reader.UnsubscribeURL + ">\r\n", "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", // A21, B1
			"\r\nPrecedence: bulk\r\n", "\r\nFeedback-ID: 17:" + id + ":weekly:a5bd4ab175\r\n", "\r\nReply-To: <desk@example.com>\r\n", "\r\nContent-Language: " + code + "\r\n",
		} {
			if !strings.Contains(head, want) {
				t.Errorf("%s: no %q in\n%s", code, want, head)
			}
		}
		for _, body := range []string{text, html} {
			for _, want := range []string{reader.UnsubscribeURL, reader.PreferencesURL, "12", editionOf(code, "", 1).Articles[0].URL} {
				if !strings.Contains(body, want) {
					t.Errorf("%s: no %q in\n%s", code, want, body)
				}
			}
		}
	}
}

func TestA9ListIDSurvivesRenaming(t *testing.T) {
	t.Parallel()
	e := editionOf("en", mailer.Weekly, 1)
	e.Newsletter.Name = "Another name altogether, with ünïcode"
	if head, _, _ := parts(t, compiled(t, newRenderer(t), e)); !strings.Contains(head, "<source-check.news.example.com>\r\n") {
		t.Error(head)
	}
	e.ListID = "kept.example.net"
	if head, _, _ := parts(t, compiled(t, newRenderer(t), e)); !strings.Contains(head, "<kept.example.net>\r\n") {
		t.Error(head)
	}
}

func TestA21LongUnsubscribeAddress(t *testing.T) {
	t.Parallel()
	who := reader
	who.UnsubscribeURL = "https://news.example.com/unsubscribe/" + strings.Repeat("Ab3_", 80) + "?a=1&b=2"
	c, err := newRenderer(t).CompileEdition(editionOf("uk", mailer.Instant, 1))
	if err != nil {
		t.Fatal(err)
	}
	head, text, html := parts(t, c.Append(nil, who))
	if !strings.Contains(head, "\r\nList-Unsubscribe: <"+who.UnsubscribeURL+">\r\n") || !strings.Contains(text, "\n"+who.UnsubscribeURL+"\n") {
		t.Errorf("%s\n%s", head, text)
	}
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(html))
	if err != nil {
		t.Fatal(err)
	}
	if n := doc.Find("a").FilterFunction(func(_ int, a *goquery.Selection) bool { return a.AttrOr("href", "") == who.UnsubscribeURL }).Length(); n != 1 {
		t.Errorf("%d links lead out", n)
	}
}

func TestA18LongestMailFits(t *testing.T) {
	t.Parallel()
	r := newRenderer(t)
	alone := editionOf("uk", mailer.Instant, 1)
	alone.Articles[0].ContentHTML = "<p>" + strings.Repeat("Дуже довгий абзац без кінця. ", 40_000) + "</p>"
	long := editionOf("uk", mailer.Monthly, 1)
	for i := range 400 {
		a := long.Articles[0]
		a.Title, a.Summary = strings.Repeat("Назва ", 100), strings.Repeat("Опис ", 300)
		a.URL += fmt.Sprintf("/%d?%s", i, strings.Repeat("p", 1500))
		long.Articles = append(long.Articles, a)
	}
	for name, e := range map[string]mailer.EditionContent{"one of a megabyte": alone, "four hundred": long} {
		raw := compiled(t, r, e)
		_, text, html := parts(t, raw)
		if n := htmlSize(raw); n > 90_000 {
			t.Errorf("%s: HTML of %d octets", name, n)
		}
		if !strings.Contains(html, reader.UnsubscribeURL) || !strings.Contains(html, "Зразкова") || !strings.Contains(text, reader.UnsubscribeURL) {
			t.Errorf("%s: no way out", name)
		}
	}
	_, text, _ := parts(t, compiled(t, r, alone))
	if !strings.Contains(text, "Читати статтю далі:\n"+alone.Articles[0].URL) {
		t.Error(text)
	}
}

func longest(s string) int {
	n := 0
	for line := range strings.SplitSeq(s, "\r\n") {
		n = max(n, len(line))
	}
	return n
}

func count(head, name string) int {
	return len(regexp.MustCompile(`(?mi)^`+name+`:`).FindAllString(head, -1))
}

func once(head string, names ...string) bool {
	for _, n := range names {
		if count(head, n) != 1 {
			return false
		}
	}
	return true
}

func atMostOnce(head string, names ...string) bool {
	for _, n := range names {
		if count(head, n) > 1 {
			return false
		}
	}
	return true
}

func htmlSize(raw []byte) int {
	return len(raw) - bytes.Index(raw, []byte("Content-Type: text/html"))
}
