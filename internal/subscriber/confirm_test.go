package subscriber

import (
	"context"
	"encoding/base64"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"vistka/internal/newsletter"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

func (f *fixture) confirmed(link string, want Outcome) Confirmation {
	f.t.Helper()
	c, err := f.Confirm(context.Background(), link, Evidence{IP: netip.MustParseAddr("203.0.113.9"), UserAgent: "test"})
	if err != nil || c.Outcome != want {
		f.t.Fatalf("confirm: %+v, %v; want %s", c, err, want)
	}
	return c
}

func TestConfirm(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	f.exec("UPDATE newsletter SET last_seq = 7, default_cadence = 'daily', hour = 8")
	_, link := f.signUp("Nadia@Example.org")
	for range 10 {
		if c, err := f.ConfirmPage(ctx, link); err != nil || c.Outcome != Ready || c.Masked != "Na••@example.org" {
			t.Fatalf("page: %+v, %v", c, err)
		}
	}
	if n := f.number("SELECT count(*) FROM subscriber"); n != 0 {
		t.Fatal("looking at the page made a subscriber")
	}
	f.mails()
	f.Clock.Advance(time.Hour)
	c := f.confirmed(link, Confirmed)
	if got := f.mails(); got != "welcome" {
		t.Errorf("mailed %q", got)
	}
	if again := f.confirmed(link, Already); again.SubscriberID != c.SubscriberID || again.Preferences == "" || f.mails() != "" {
		t.Errorf("second visit: %+v", again)
	}
	p, err := f.Preferences(ctx, c.Preferences)
	due := time.Date(2026, 11, 24, 6, 0, 0, 0, time.UTC)
	if err != nil || p.Cadence != "daily" || p.Zone != "Europe/Kyiv" || p.Hour != 8 || p.Locale != "uk" || p.DueAt == nil || !p.DueAt.Equal(due) {
		t.Errorf("preferences: %+v, %v", p, err)
	}
	if n := f.number("SELECT seen_seq FROM subscription"); n != 7 {
		t.Errorf("mark %d at joining", n)
	}
	person, err := f.Get(ctx, f.DB, c.SubscriberID)
	if err != nil || len(person.Events) != 2 || person.Address != "Nadia@Example.org" {
		t.Fatalf("person: %+v, %v", person, err)
	}
	asked, said := person.Events[1], person.Events[0]
	if asked.Kind != "requested" || !asked.At.Equal(start) || asked.PageURL != "https://example.org/a" || asked.Wording != "form 1" ||
		said.Kind != "confirmed" || !said.At.Equal(start.Add(time.Hour)) || said.IP != "203.0.113.9" || said.Source != "link" {
		t.Errorf("consent: %+v", person.Events)
	}
}

func TestConfirmAtOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	_, link := f.signUp("nadia@example.org")
	f.mails()
	var wg sync.WaitGroup
	outcomes := make(chan Outcome, 50)
	for range 50 {
		wg.Go(func() {
			c, err := f.Confirm(context.Background(), link, Evidence{})
			if err != nil {
				t.Error(err)
			}
			outcomes <- c.Outcome
		})
	}
	wg.Wait()
	close(outcomes)
	count := map[Outcome]int{}
	for o := range outcomes {
		count[o]++
	}
	if count[Confirmed] != 1 || count[Already] != 49 || f.mails() != "welcome" || f.number("SELECT count(*) FROM consent_event") != 2 {
		t.Errorf("outcomes %v", count)
	}
}

func TestLinksThatDoNotConfirm(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	_, old := f.signUp("nadia@example.org")
	f.Clock.Advance(ConfirmWithin)
	f.confirmed(old, Expired)

	if res, err := f.Renew(context.Background(), old, netip.Addr{}, "test"); err != nil || res.Decision != Accepted {
		t.Fatalf("renew: %+v, %v", res, err)
	}
	f.work()
	if got := f.mails(); got != "confirmation confirmation" {
		t.Errorf("mailed %q", got)
	}
	f.confirmed(old, Replaced)
	fresh := ConfirmToken(f.Keys, 1, 2)
	raw, err := base64.RawURLEncoding.DecodeString(fresh)
	if err != nil {
		t.Fatal(err)
	}
	for i := range len(raw) * 8 {
		raw[i/8] ^= 1 << (i % 8)
		f.confirmed(base64.RawURLEncoding.EncodeToString(raw), Invalid)
		raw[i/8] ^= 1 << (i % 8)
	}
	f.confirmed(UnsubscribeToken(f.Keys, 2, 1), Invalid)
	f.confirmed(NotMeToken(f.Keys, 1, 2), Invalid)
	f.suppress("nadia@example.org", suppression.SpamReport)
	f.confirmed(fresh, Suppressed)
	if n := f.number("SELECT count(*) FROM subscriber"); n != 0 {
		t.Error("somebody was subscribed")
	}
	if _, err := suppression.Remove(context.Background(), f.DB, f.hash(address(t, "nadia@example.org"))); err != nil {
		t.Fatal(err)
	}
	c := f.confirmed(fresh, Confirmed)
	if _, err := f.End(context.Background(), f.DB, c.NewsletterID, c.SubscriberID, FromPage, Evidence{}); err != nil {
		t.Fatal(err)
	}
	// A link confirms once: whoever left does not come back by it.
	if got := f.confirmed(fresh, HasLeft); got.Leave == "" {
		t.Error("leaving cannot be taken back")
	}
	f.Clock.Advance(undoWithin + time.Second)
	if got := f.confirmed(fresh, HasLeft); got.Leave != "" {
		t.Error("leaving is taken back after its time")
	}
	f.exec("UPDATE subscriber SET address_key = 'moved@example.org'")
	f.confirmed(fresh, Used)
}

func TestErasedAndNotMeComeBackByConfirming(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	_, link := f.signUp("nadia@example.org")
	f.suppress("nadia@example.org", suppression.Erased)
	f.confirmed(link, Confirmed)
	_, link = f.signUp("olha@example.org")
	f.suppress("olha@example.org", suppression.NotMe)
	f.confirmed(link, Confirmed)
	if n := f.number("SELECT count(*) FROM suppression"); n != 0 {
		t.Errorf("%d still suppressed", n)
	}
}

func TestNotMe(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	_, link := f.signUp("nadia@example.org")
	f.mails()
	for range 2 {
		if ok, err := f.NotMe(ctx, NotMeToken(f.Keys, 1, 1)); err != nil || !ok {
			t.Fatalf("not me: %t, %v", ok, err)
		}
	}
	f.confirmed(link, Refused)
	f.Clock.Advance(time.Hour)
	f.signUp("nadia@example.org")
	if got := f.mails(); got != "" {
		t.Errorf("mailed %q", got)
	}
	if ok, err := f.NotMe(ctx, link); err != nil || ok {
		t.Errorf("a confirmation link as not-me: %t, %v", ok, err)
	}

	c := f.subscribe("olha@example.org")
	if _, err := f.NotMe(ctx, NotMeToken(f.Keys, 2, 1)); err != nil {
		t.Fatal(err)
	}
	if p, err := f.Preferences(ctx, c.Preferences); err != nil || p.Ended {
		t.Errorf("the subscription: %+v, %v", p, err)
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	try := func(handle, code string, want Outcome, left int) {
		t.Helper()
		c, err := f.ConfirmCode(ctx, handle, code, Evidence{})
		if err != nil || c.Outcome != want || c.TriesLeft != left {
			t.Errorf("code %s: %+v, %v; want %s", code, c, err, want)
		}
	}
	wrong := func(id int64) string {
		if Code(f.Keys, id, 1) == "000000" {
			return "000001"
		}
		return "000000"
	}
	page, link := f.signUp("nadia@example.org")
	other, _ := f.signUp("olha@example.org")
	try("x", Code(f.Keys, 1, 1), Invalid, 0)
	try(other, Code(f.Keys, 1, 1), WrongCode, 4) // of another sign-up
	for left := 4; left > 0; left-- {
		for _, slip := range []string{"", "12345", "1234567", "12345a", "no", "\x00\xff"} {
			try(page, slip, NoCode, 0)
		}
		try(page, wrong(1), WrongCode, left)
	}
	if c, err := f.ConfirmPage(ctx, link); err != nil || c.CodeOver {
		t.Errorf("with a try left: %+v, %v", c, err)
	}
	try(page, wrong(1), CodeSpent, 0)
	try(page, Code(f.Keys, 1, 1), CodeSpent, 0)
	if c, err := f.ConfirmPage(ctx, link); err != nil || !c.CodeOver {
		t.Errorf("without: %+v, %v", c, err)
	}
	f.confirmed(link, Confirmed) // the link is still good

	code := Code(f.Keys, 2, 1)
	f.Clock.Advance(codeWithin + time.Second)
	try(other, code, CodeSpent, 0)
	f.Clock.Advance(-time.Second)
	try(other, " "+code[:3]+" "+code[3:], Confirmed, 0)
}

// The code of a mail that was sent again may be tried anew; where the mailbox gets
// no other mail, nothing is.
func TestCodeOfAMailSentAgain(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	handle, _ := f.signUp("nadia@example.org")
	spend := func() {
		t.Helper()
		for range codeTries {
			if c, err := f.ConfirmCode(ctx, handle, "000000", Evidence{}); err != nil || c.Outcome == Confirmed {
				t.Fatalf("a wrong code: %+v, %v", c, err)
			}
		}
	}
	again := func() {
		t.Helper()
		f.Clock.Advance(resendAfter)
		res, err := f.Resend(ctx, handle, netip.Addr{})
		if err != nil || !res.Sent {
			t.Fatalf("again: %+v, %v", res, err)
		}
		handle = res.Handle
	}
	spend()
	again()
	if c, err := f.ConfirmCode(ctx, handle, "000000", Evidence{}); err != nil || c.Outcome != WrongCode || c.TriesLeft != codeTries-1 {
		t.Errorf("a wrong code of the mail sent again: %+v, %v", c, err)
	}
	if c, err := f.ConfirmCode(ctx, handle, Code(f.Keys, 1, 1), Evidence{}); err != nil || c.Outcome != Confirmed {
		t.Errorf("its code: %+v, %v", c, err)
	}

	handle, _ = f.signUp("olha@example.org")
	for range capQuarter - 1 {
		f.Clock.Advance(repeatWithin)
		f.signUp("olha@example.org") // its mailbox has had its share
	}
	spend()
	again()
	if c, err := f.ConfirmCode(ctx, handle, Code(f.Keys, 2, 1), Evidence{}); err != nil || c.Outcome != CodeSpent {
		t.Errorf("with no other mail: %+v, %v", c, err)
	}
}

func TestHandleTellsNothing(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	first, _ := f.signUp("nadia@example.org")
	again, _ := f.signUp("nadia@example.org")
	other, _ := f.signUp("olha@example.org")
	if first == again || len(first) != len(other) || strings.HasPrefix(again, first[:8]) {
		t.Errorf("handles %s, %s, %s", first, again, other)
	}
	if _, err := f.Keys.Verify(token.SignupPage, first); !errors.Is(err, token.ErrInvalid) {
		t.Error("a handle is readable")
	}
}

func TestNothingSecretIsStored(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	page, link := f.signUp("nadia@example.org")
	var dump string
	if err := f.DB.QueryRow(context.Background(), "SELECT string_agg(g::text, '') FROM signup g").Scan(&dump); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{page, link, Code(f.Keys, 1, 1), link[len(link)-20:]} {
		if strings.Contains(dump, secret) {
			t.Errorf("%s is stored", secret)
		}
	}
}

func TestConsentIsAppendOnly(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.subscribe("nadia@example.org")
	for _, sql := range []string{
		"UPDATE consent_event SET at = now()", "DELETE FROM consent_event", "TRUNCATE consent_event CASCADE",
	} {
		_, err := f.DB.Exec(context.Background(), sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "23001" {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

// Joining a second newsletter on a form in another language, and choosing a
// language there, leave the first one and the person's preferred language.
func TestSecondNewsletterInAnotherLanguage(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	first := f.subscribe("nadia@example.org")
	n := f.news
	n.Slug, n.Language = "english", "en"
	second, err := newsletter.Add(ctx, f.DB, n, f.news.Slug, start)
	if err != nil {
		t.Fatal(err)
	}
	join := func() Confirmation {
		t.Helper()
		f.Clock.Advance(time.Hour)
		req := f.request("nadia@example.org")
		req.NewsletterID, req.Locale = second.ID, "en"
		res, err := f.SignUp(ctx, req)
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.open(res.Handle)
		if err != nil {
			t.Fatal(err)
		}
		return f.confirmed(ConfirmToken(f.Keys, h.signupID, h.generation), Confirmed)
	}
	languages := func(want string) {
		t.Helper()
		var got string
		err := f.DB.QueryRow(ctx, `SELECT r.locale || ': ' || string_agg(s.locale, ' ' ORDER BY s.newsletter_id)
			FROM subscriber r JOIN subscription s ON s.subscriber_id = r.id GROUP BY r.locale`).Scan(&got)
		if err != nil || got != want {
			t.Errorf("languages %q, want %q, %v", got, want, err)
		}
	}
	joined := join()
	languages("uk: uk en")
	if _, err := f.SavePreferences(ctx, joined.Preferences, Change{Cadence: "daily", Locale: "de", Zone: "Europe/Kyiv", Hour: 9}, Evidence{}); err != nil {
		t.Fatal(err)
	}
	languages("uk: uk de")
	for _, id := range []int64{f.news.ID, second.ID} {
		if _, err := f.End(ctx, f.DB, id, first.SubscriberID, FromAdmin, Evidence{}); err != nil {
			t.Fatal(err)
		}
	}
	join() // back after leaving everything: as new
	languages("en: uk en")
}
