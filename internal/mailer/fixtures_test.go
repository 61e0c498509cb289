package mailer_test

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"sync"
	"testing"
	"time"

	"vistka/internal/locale/localetest"
	"vistka/internal/mailer"
	"vistka/web"
)

var kyiv = time.FixedZone("Europe/Kyiv", 2*60*60)

var sentAt = time.Date(2026, 11, 23, 8, 0, 0, 0, kyiv)

var reader = mailer.Recipient{
	To:             "reader@example.org",
	MessageID:      "e17.9f2c4be1a07d5583@news.example.com",
	UnsubscribeURL: "https://news.example.com/unsubscribe/AAAAAQAAAAAAAAAHq83vASNFZ4mrze8BI0VniQ",
	PreferencesURL: "https://news.example.com/preferences/AAAAAQAAAAAAAAAHEjRWeJq83vASNFZ4mrze8A",
}

func freshRenderer() (*mailer.Renderer, error) {
	catalog, err := localetest.Load()
	if err != nil {
		return nil, err
	}
	return mailer.NewRenderer(web.FS, catalog, mailer.Options{BaseURL: "https://news.example.com"})
}

// shared has rendered for other tests, which changes nothing.
var shared = sync.OnceValues(freshRenderer)

func newRenderer(t testing.TB) *mailer.Renderer {
	t.Helper()
	r, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newsletterIn(code string) mailer.Newsletter {
	n := mailer.Newsletter{
		Name: "The Source Check", Slug: "source-check", Language: "en", FromName: "The Source Check",
		FromAddress: "letters@news.example.com", ReplyTo: "desk@example.com", PostalAddress: "The Source Check\n12 Sample Street, Kyiv 01001",
		SiteURL: "https://www.example.com/", PrivacyURL: "https://www.example.com/privacy", Accent: "#1f3a68",
	}
	if code == "uk" {
		n.Name, n.FromName, n.Language, n.Slug = "Перевірка джерел", "Перевірка джерел", "uk", "perevirka"
		n.PostalAddress = "«Перевірка джерел»\nвул. Зразкова, 12, Київ, 01001"
	}
	return n
}

func articlesIn(code string) []mailer.Article {
	day := time.Date(2026, 11, 22, 9, 0, 0, 0, kyiv)
	if code == "uk" {
		return []mailer.Article{
			{
				Title: "Як один знімок мандрував чотирма країнами й щоразу мав інший підпис", URL: "https://www.example.com/uk/one-photo",
				Summary: "Ми простежили шлях фотографії з порту від першої публікації до сотень переказів і з’ясували, де саме загубився її автор.",
				Author:  "Відділ перевірки", ImageURL: "https://www.example.com/img/port.jpg", ImageAlt: "Вантажний порт на світанку", ImageWidth: 1200, ImageHeight: 800,
				PublishedAt: day, Topics: []string{"Розслідування"},
				ContentHTML: `<p>Знімок уперше з’явився в місцевій газеті на шостій сторінці, під звичайною заміткою про ремонт причалу. За тиждень його бачили мільйони людей, і майже ніхто не знав, що на ньому насправді.</p>
<p>Ми розпитали редакторів <a href="https://www.example.com/uk/method">дванадцяти видань</a>, порівняли архівні копії сторінок і знайшли <strong>сім різних підписів</strong> до того самого кадру.</p>
<h2>Перший підпис</h2><p>У газеті підпис був короткий: місце, дата, прізвище фотографа. Уже за дві години на сторонньому сайті зникли всі три.</p>
<ul><li>дата перетворилася на «нещодавно»;</li><li>порт — на «узбережжя»;</li><li>фотограф — на «соцмережі».</li></ul><p>` + strings.Repeat("Далі історія повторювалася знову і знову. ", 40) + `</p>`,
			},
			{Title: "Що змінює новий закон про архіви", URL: "https://www.example.com/uk/archives", Summary: "Коротко: хто матиме доступ, до чого й коли.", PublishedAt: day, Topics: []string{"Право"}},
			{Title: "П’ять запитань до соціології перед виборами", URL: "https://www.example.com/uk/polls", Summary: "Вибірка, похибка, замовник, формулювання, дата — і чому останнє важить найбільше.", Author: "Відділ даних", PublishedAt: day},
			{Title: "Регіональні медіа без сайту: де їх шукати", URL: "https://www.example.com/uk/regional", PublishedAt: day, Topics: []string{"Огляд"}},
		}
	}
	return []mailer.Article{
		{
			Title: "How one photograph crossed four borders and changed its caption each time", URL: "https://www.example.com/one-photo",
			Summary: "We followed a picture of a harbour from its first publication through hundreds of copies, and found where its author was lost.",
			Author:  "the verification desk", ImageURL: "https://www.example.com/img/port.jpg", ImageAlt: "A cargo harbour at dawn", ImageWidth: 1200, ImageHeight: 800,
			PublishedAt: day, Topics: []string{"Investigation"},
			ContentHTML: `<p>The picture first appeared in a local paper, on page six, under an ordinary note about repairs to a pier. Within a week millions of people had seen it, and hardly anyone knew what it showed.</p>
<p>We asked editors at <a href="https://www.example.com/method">twelve publications</a>, compared archived copies of their pages and found <strong>seven different captions</strong> for the same frame.</p>
<h2>The first caption</h2><p>In the paper it was short: a place, a date, a photographer’s name. Two hours later, on another site, all three were gone.</p>
<ul><li>the date had become “recently”;</li><li>the harbour, “the coast”;</li><li>the photographer, “social media”.</li></ul><p>` + strings.Repeat("From there the story repeated itself. ", 40) + `</p>`,
		},
		{Title: "What the new law on archives changes", URL: "https://www.example.com/archives", Summary: "In brief: who gets access, to what, and when.", PublishedAt: day, Topics: []string{"Law"}},
		{Title: "Five questions to ask of any poll before an election", URL: "https://www.example.com/polls", Summary: "Sample, margin, client, wording, date, and why the last one matters most.", Author: "the data desk", PublishedAt: day},
		{Title: "Regional papers without a website: where to look", URL: "https://www.example.com/regional", PublishedAt: day, Topics: []string{"Survey"}},
	}
}

func editionOf(code, kind string, n int) mailer.EditionContent {
	return mailer.EditionContent{
		ID: 17, Newsletter: newsletterIn(code), Locale: code, Kind: kind, Articles: articlesIn(code)[:n], Date: sentAt,
		BrowserURL: "https://news.example.com/archive/source-check/17", ArchiveURL: "https://news.example.com/archive/source-check",
	}
}

// noteIn is an editor's words about a mistake.
func noteIn(code string) string {
	if code == "uk" {
		return "Ми назвали автором знімка не ту людину. Його зняла Зразкова Особа для місцевої газети.\n\nПерепрошуємо її та читачів."
	}
	return "We named the wrong photographer. The picture was taken by a Sample Person for the local paper.\n\nWe apologise to her and to our readers."
}

// longDigest is a digest that is set by topic, after one that was missed.
func longDigest(code string) mailer.EditionContent {
	e := editionOf(code, mailer.Daily, 4)
	e.Missed = true
	base := e.Articles
	for i := range 8 {
		a := base[1+i%3]
		a.URL += "/" + string(rune('a'+i))
		a.Title += " (" + string(rune('b'+i/3)) + ")"
		a.Topics = [][]string{base[1].Topics, base[0].Topics, nil}[i%3]
		e.Articles = append(e.Articles, a)
	}
	return e
}

// must turns (value, error) into a value.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// everyMail composes one of each kind in each language.
func everyMail(t testing.TB, r *mailer.Renderer) map[string]mailer.Compiled {
	t.Helper()
	ok := must[mailer.Compiled](t)
	out := map[string]mailer.Compiled{}
	for _, code := range []string{"en", "uk"} {
		n := newsletterIn(code)
		weekly := editionOf(code, mailer.Weekly, 4)
		weekly.More = 3
		out["instant."+code] = ok(r.CompileEdition(editionOf(code, mailer.Instant, 1)))
		correction := editionOf(code, mailer.Correction, 1)
		correction.Note = noteIn(code)
		out["correction."+code] = ok(r.CompileEdition(correction))
		out["digest."+code] = ok(r.CompileEdition(longDigest(code)))
		out["weekly."+code] = ok(r.CompileEdition(weekly))
		out["confirmation."+code] = ok(r.CompileConfirmation(mailer.ConfirmationContent{
			Newsletter: n, Locale: code, Date: sentAt, AskedAt: sentAt.Add(-time.Minute), ExpiresAt: sentAt.Add(72 * time.Hour),
			ConfirmURL: "https://news.example.com/confirm/AAAAAAAAAAcAAAABq83vASNFZ4mrze8BI0VniQ", NotMeURL: "https://news.example.com/not-me/AAAAAAAAAAcAAAABEjRWeJq83vASNFZ4mrze8A",
			Code: "401926", PageURL: "https://www.example.com/one-photo?buy=now",
		}))
		out["settings."+code] = ok(r.CompileSettings(mailer.SettingsContent{Newsletter: n, Locale: code, Date: sentAt, Cadence: mailer.Daily, AskedAt: sentAt}))
		out["settings-paused."+code] = ok(r.CompileSettings(mailer.SettingsContent{Newsletter: n, Locale: code, Date: sentAt, Cadence: mailer.Daily, AskedAt: sentAt, PausedTo: sentAt.AddDate(0, 1, 0)}))
		out["welcome."+code] = ok(r.CompileWelcome(mailer.WelcomeContent{Newsletter: n, Locale: code, Date: sentAt, Cadence: mailer.Weekly, Latest: articlesIn(code)}))
		out["link."+code] = ok(r.CompileLink(mailer.LinkContent{Newsletter: n, Locale: code, Date: sentAt, URL: "https://news.example.com/data/AAAAAAAAAAcAAAABq83vASNFZ4mrze8BI0VniQ", ExpiresAt: sentAt.Add(30 * time.Minute)}))
		change := mailer.LinkContent{Newsletter: n, Locale: code, Date: sentAt, URL: "https://news.example.com/address/AAAAAQAAAAAAAAAHq83vASNFZ4mrze8BI0VniQ", AskedAt: sentAt.Add(-time.Minute), ExpiresAt: sentAt.Add(72 * time.Hour)}
		change.NotMeURL = "https://news.example.com/not-my-address/AAAAAQAAAAAAAAAHEjRWeJq83vASNFZ4mrze8A"
		out["new-address."+code] = ok(r.CompileNewAddress(change, "nadia.new@example.net"))
		change.URL = "https://news.example.com/keep-address/AAAAAQAAAAAAAAAHEjRWeJq83vASNFZ4mrze8A"
		out["old-address."+code] = ok(r.CompileOldAddress(change, "na••@example.net"))
		out["moved."+code] = ok(r.CompileMoved(mailer.LinkContent{Newsletter: n, Locale: code, Date: sentAt}))
		out["receipt."+code] = ok(r.CompileReceipt(mailer.LinkContent{Newsletter: n, Locale: code, Date: sentAt}, receiptIn(code)))
		out["test."+code] = ok(r.CompileTest(mailer.TestContent{Newsletter: n, Locale: code, Date: sentAt}))
		out["test-edition."+code] = ok(r.CompileTest(mailer.TestContent{Newsletter: n, Locale: code, Date: sentAt, Kind: mailer.Daily, Articles: articlesIn(code)[:2]}))
		alert := mailer.AlertContent{Newsletter: n, Locale: code, Date: sentAt, Title: "The relay refuses our sender", Text: "Nothing has been sent since 07:40. 1,204 mails wait.\n\nNo mail has lost a try by it; sending resumes by itself when the relay answers again.", Detail: "550 5.7.1 sender not authenticated"}
		if code == "uk" {
			alert.Title, alert.Text = "Поштовий сервер відхиляє нашого відправника", "Від 07:40 нічого не надіслано. Чекають 1204 листи.\n\nЩойно сервер знову відповість, надсилання продовжиться саме."
		}
		out["alert."+code] = ok(r.CompileAlert(alert))
		grace := mailer.AlertContent{Newsletter: n, Locale: code, Date: sentAt, Grace: true, URL: "https://news.example.com/hold/AAAAAQAAAAAAAAAHq83vASNFZ4mrze8BI0VniQ", Title: "“Five questions” goes out soon", Text: "“Five questions” was found on the site. It goes to readers from 23 November 2026, 08:10 Kyiv time on.\n\nIf that is right, there is nothing to do."}
		if code == "uk" {
			grace.Title, grace.Text = "Скоро вийде: «П’ять запитань»", "На сайті з’явилася стаття «П’ять запитань». Читачі почнуть отримувати її 23 листопада 2026 р., 08:10 за київським часом.\n\nЯкщо все гаразд, нічого робити не треба."
		}
		out["grace."+code] = ok(r.CompileAlert(grace))
		out["desk."+code] = ok(r.CompileDesk(mailer.DeskContent{Newsletter: n, Locale: code, Date: sentAt, Kind: "complaint", Reference: "4821-7730"}))
	}
	return out
}

// receiptIn are the records of a receipt as the pages make them.
func receiptIn(code string) []mailer.Record {
	if code == "uk" {
		return []mailer.Record{
			{
				When: "22 листопада 2026 р., 09:45 за київським часом", What: "Ви змінили налаштування розсилки «Перевірка джерел» — на сторінці налаштувань",
				Changes: []string{"Як часто: Раз на тиждень (раніше: Раз на день)", "Теми: Право, Медіа (раніше: усі)"},
			},
			{
				When: "22 листопада 2026 р., 09:41 за київським часом", What: "Ви підтвердили підписку на розсилку «Перевірка джерел» — кнопкою за посиланням у листі",
				Wording: []string{"Підписка на розсилку «Перевірка джерел»", "Підтвердити"}, Version: "5f2c91aa", Details: []string{"З мережевої адреси 192.0.2.7"},
			},
			{
				When: "22 листопада 2026 р., 09:40 за київським часом", What: "Ви попросили надсилати вам розсилку «Перевірка джерел» — у формі підписки",
				Details: []string{"Мова сторінки або листа: українська", "На сторінці https://www.example.com/uk/one-photo", "Браузер: Mozilla/5.0\r\n(X11)"},
			},
		}
	}
	return []mailer.Record{
		{
			When: "22 November 2026, 09:45 Kyiv time", What: "You changed your settings for The Source Check, on the settings page",
			Changes: []string{"How often: Once a week (before: Once a day)", "Topics: Law, Media (before: all of them)"},
		},
		{
			When: "22 November 2026, 09:41 Kyiv time", What: "You confirmed The Source Check, with the button behind the link in the mail",
			Wording: []string{"Subscribe to The Source Check", "Confirm"}, Version: "5f2c91aa", Details: []string{"From the network address 192.0.2.7"},
		},
		{
			When: "22 November 2026, 09:40 Kyiv time", What: "You asked for The Source Check, with the sign-up form",
			Details: []string{"Language of the page or mail: English", "On the page https://www.example.com/one-photo", "Browser: Mozilla/5.0\r\n(X11)"},
		},
	}
}

// parts cuts a message into its header and the two decoded bodies, by the
// plainest means: an outside parser judges the same bytes elsewhere.
func parts(t testing.TB, raw []byte) (header, text, html string) {
	t.Helper()
	head, body, _ := strings.Cut(string(raw), "\r\n\r\n")
	_, boundary, ok := strings.Cut(head, `boundary="`)
	if !ok {
		t.Fatalf("no boundary in %q", head)
	}
	boundary, _, _ = strings.Cut(boundary, `"`)
	pieces := strings.Split(body, "--"+boundary)
	if len(pieces) != 4 || strings.TrimSpace(pieces[3]) != "--" {
		t.Fatalf("message has %d pieces", len(pieces))
	}
	decode := func(piece string) string {
		_, coded, _ := strings.Cut(piece, "\r\n\r\n")
		b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader([]byte(coded))))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(b), "\r\n", "\n")
	}
	return head + "\r\n", decode(pieces[1]), decode(pieces[2])
}
