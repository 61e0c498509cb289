package server_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/altcha/altchatest"
	"vistka/internal/emailaddr"
	"vistka/internal/server"
	"vistka/internal/subscriber"
	"vistka/internal/suppression"
)

var full = flag.Bool("full", false, "floods at full size: 10,000 posts for one address, 5,000 addresses from 500 networks")

// size is n of a flood, or a tenth of it.
func size(n int) int {
	if *full {
		return n
	}
	return n / 10
}

// besieged is a site behind a proxy, whose mails are counted by address.
func besieged(t *testing.T) (*site, map[string]int) {
	s := newSite(t, func(d *server.Deps) { d.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	mails := map[string]int{}
	s.subs.Notify = func(ctx context.Context, tx pgx.Tx, all ...subscriber.Notice) error {
		for _, n := range all {
			if n.SignupID == 0 {
				mails[string(n.Kind)]++
				continue
			}
			var a string
			if err := tx.QueryRow(ctx, "SELECT address FROM signup WHERE id = $1", n.SignupID).Scan(&a); err != nil {
				return err
			}
			mails[a]++
		}
		return nil
	}
	return s, mails
}

func (s *site) answerMails() {
	s.t.Helper()
	if err := s.subs.AnswerAll(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) json(email string, headers ...string) answer {
	return s.postJSON("/api/v1/subscriptions", fmt.Sprintf(`{"email":%q,"newsletter":"watch","lang":"en"}`, email), headers...)
}

func (s *site) postJSON(path, body string, headers ...string) answer {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return s.do(with(r, headers))
}

// However it is spelled, through whatever entrance and from wherever, one
// mailbox gets three mails a day.
func TestOneAddressInAllItsSpellings(t *testing.T) {
	t.Parallel()
	s, mails := besieged(t)
	spell := func(i int) string {
		local := []string{"victim", "v.ictim", "vic.tim", "VICTIM", "v.i.c.t.i.m", "Victim"}[i%6]
		return local + []string{"", fmt.Sprintf("+%d", i), "+a.b"}[i/6%3] + []string{"@example.org", "@EXAMPLE.org"}[i%2]
	}
	n := size(10_000)
	for i := range n {
		from := []string{"Origin", siteOrigin, "X-Forwarded-For", fmt.Sprintf("10.%d.%d.1", i>>8, i&255)}
		switch i % 3 {
		case 0:
			s.json(spell(i), from...)
		case 1:
			sent := s.post("/subscribe", foreign(spell(i)), from...)
			s.clock.Advance(time.Duration(86_000/n) * time.Second) // all within a day
			if i%10 == 1 {
				s.post("/subscribe/again", fill(sent.doc, "form[action='/subscribe/again']"), "Origin", baseURL, "X-Forwarded-For", from[3])
			}
		default:
			s.post("/subscribe", foreign(spell(i)), from...)
		}
		if i%50 == 0 {
			s.answerMails()
		}
	}
	s.answerMails()
	total := 0
	for _, n := range mails {
		total += n
	}
	if total == 0 || total > 3 {
		t.Errorf("%d posts made %d mails: %v", n, total, mails)
	}
}

// A flood of addresses from many networks spends the budget and no more; whoever
// comes from elsewhere gets through, and whoever proves nothing is asked to.
func TestFloodOfAddresses(t *testing.T) {
	t.Parallel()
	s, mails := besieged(t)
	s.subs.Budget = size(500)
	networks := size(500)
	accepted := 0
	for i := range size(5_000) {
		at := []string{"Origin", siteOrigin, "X-Forwarded-For", fmt.Sprintf("127.%d.%d.9", i%networks>>8, i%networks&255)}
		got := s.post("/subscribe", foreign(fmt.Sprintf("reader%d@example%d.org", i, i%97)), at...)
		if got.StatusCode == http.StatusOK {
			accepted++
		}
		if i%100 == 0 {
			s.answerMails()
		}
	}
	s.answerMails()
	if len(mails) > s.subs.Budget || len(mails) < s.subs.Budget/2 {
		t.Errorf("%d of %d sign-ups made %d mails, the budget is %d", accepted, size(5_000), len(mails), s.subs.Budget)
	}

	honest := s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin, "X-Forwarded-For", "203.0.113.9")
	if honest.StatusCode != http.StatusOK || !strings.Contains(honest.text(".warn"), "may take an hour") {
		t.Errorf("an honest reader is answered %d %q", honest.StatusCode, honest.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	s.answerMails()
	if mails["nadia@example.org"] != 1 {
		t.Errorf("%d mails to the honest reader", mails["nadia@example.org"])
	}

	bare := s.post("/subscribe", foreign("olena@example.org"), "X-Forwarded-For", "198.51.100.7")
	if bare.StatusCode != http.StatusTooManyRequests || bare.doc.Find("input[type=email]").AttrOr("value", "") != "olena@example.org" {
		t.Fatalf("a post without an origin: %d %q", bare.StatusCode, bare.text("main"))
	}
	if got := s.json("olena@example.org", "X-Forwarded-For", "198.51.100.7"); got.StatusCode != http.StatusTooManyRequests || !strings.Contains(got.body, `"type":"/problems/prove"`) {
		t.Errorf("the same as JSON: %d %s", got.StatusCode, got.body)
	}
	s.clock.Advance(time.Minute)
	pressed := s.post("/subscribe", fill(bare.doc, "form"), "Origin", baseURL, "X-Forwarded-For", "198.51.100.7")
	if pressed.text("h1") != "One step left" {
		t.Errorf("after the press: %d %q", pressed.StatusCode, pressed.text("main"))
	}
	s.clock.Advance(3 * time.Second)
	s.answerMails()
	if mails["olena@example.org"] != 1 || len(mails) > s.subs.Budget {
		t.Errorf("%d mails after the press, %d in all", mails["olena@example.org"], len(mails))
	}
}

// Every entrance answers with the same bytes, whatever is known of the address,
// while there is room in the budget and while there is none, with work and
// without.
func TestEveryEntranceTellsNothing(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	suppress := func(reason suppression.Reason) func(string) {
		return func(email string) {
			a, err := emailaddr.Parse(email)
			if err != nil {
				t.Fatal(err)
			}
			if err := suppression.Add(t.Context(), s.pool, s.subs.Hasher.Sum(a.Key()), reason, "", s.clock.Now()); err != nil {
				t.Fatal(err)
			}
		}
	}
	states := map[string]func(email string){
		"new":     func(string) {},
		"pending": func(email string) { s.post("/subscribe", foreign(email), "Origin", siteOrigin) },
		"active":  func(email string) { s.subscribed(email) },
		"ended": func(email string) {
			c := s.subscribed(email)
			if _, err := s.subs.End(t.Context(), s.pool, c.NewsletterID, c.SubscriberID, subscriber.FromPage, subscriber.Evidence{}); err != nil {
				t.Fatal(err)
			}
		},
		"by hand":     suppress(suppression.ByHand),
		"spam report": suppress(suppression.SpamReport),
		"not me":      suppress(suppression.NotMe),
		"bounced":     func(email string) { s.subscribed(email); suppress(suppression.HardBounce)(email) },
		"erased": func(email string) {
			s.subscribed(email)
			a, _ := emailaddr.Parse(email)
			if _, err := s.subs.Erase(t.Context(), s.pool, a); err != nil {
				t.Fatal(err)
			}
		},
		"capped": func(email string) {
			for range 3 {
				s.post("/subscribe", foreign(email), "Origin", siteOrigin)
				s.clock.Advance(3 * time.Minute) // else it were one press, repeated
			}
		},
	}
	bytesOf := func(email string, got answer) string {
		var b strings.Builder
		_ = got.Header.Write(&b)
		body := handle.ReplaceAllStringFunc(got.body, func(m string) string { return fmt.Sprintf("handle of %d", len(m)) })
		if _, after, ok := strings.Cut(body, `"handle":"`); ok {
			body = strings.Replace(body, after[:strings.IndexByte(after, '"')], "HANDLE", 1)
		}
		return fmt.Sprint(got.StatusCode, b.String(), strings.ReplaceAll(body, email, "ADDRESS"))
	}
	formToken := regexp.MustCompile(`name="form" value="[^"]*"`)
	for _, mode := range []string{"room", "spent", "work"} {
		wants := map[string]string{}
		for state, prepare := range states {
			email := fmt.Sprintf("na%-16s@example.org", strings.ReplaceAll(mode+state, " ", ""))
			email = strings.ReplaceAll(email, " ", "x") // of one length: so is the page
			s.exec("UPDATE signup_gate SET spent_since = NULL")
			prepare(email)
			s.clock.Advance(16 * time.Minute)
			if mode != "room" {
				s.exec("UPDATE signup_gate SET spent_since = now()")
			}
			form, held := foreign(email), ""
			if mode == "work" {
				s.subs.ProofOfWork = subscriber.ProofAttack
				held = bytesOf(email, s.post("/subscribe", form, "Origin", siteOrigin))
				form.Set("altcha", altchatest.Solve(s.challenge()))
			}
			sent := s.post("/subscribe", form, "Origin", siteOrigin)
			s.subs.ProofOfWork = subscriber.ProofOff
			again := fill(sent.doc, "form[action='/subscribe/again']")
			s.clock.Advance(61 * time.Second)
			got := map[string]string{
				"form":       bytesOf(email, sent),
				"send again": bytesOf(email, s.post("/subscribe/again", again, "Origin", baseURL)),
				"JSON":       bytesOf(email, s.json(email, "Origin", siteOrigin)),
			}
			if mode == "work" {
				got["hold page"] = formToken.ReplaceAllString(held, "TOKEN")
			}
			for entrance, dump := range got {
				if wants[entrance] == "" {
					wants[entrance] = dump
				}
				if dump != wants[entrance] {
					t.Errorf("%s, %s, %s is answered otherwise:\n%s\n---\n%s", mode, entrance, state, dump, wants[entrance])
				}
			}
		}
		for entrance, dump := range wants {
			if entrance == "hold page" {
				if !strings.HasPrefix(dump, "429") || !strings.Contains(dump, "data-challenge") {
					t.Errorf("hold page: %s", dump)
				}
				continue
			}
			atOnce := mode == "room" || mode == "work" && entrance == "form"
			if !strings.HasPrefix(dump, "20") || !atOnce != (strings.Contains(dump, "may take an hour") || strings.Contains(dump, `"delayed":true`)) {
				t.Errorf("%s, %s: %s", mode, entrance, dump)
			}
		}
	}
}

// The press of "this wasn't me" leaves a subscription that is there alone.
func TestNotMeOfAReader(t *testing.T) {
	t.Parallel()
	s, mails := besieged(t)
	s.subscribed("nadia@example.org")
	s.answerMails()
	s.clock.Advance(24 * time.Hour)
	s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin)
	key := subscriber.NotMeToken(s.keys, s.signups()[0], 2)
	form := fill(s.get("/not-me/"+key).doc, "form[method=post]")
	s.clock.Advance(3 * time.Second)
	s.press("/not-me/"+key, form, "Origin", baseURL)
	before := len(mails)
	s.post("/subscribe", foreign("nadia@example.org"), "Origin", siteOrigin)
	s.answerMails()
	if len(mails) != before || s.count("SELECT count(*) FROM subscription WHERE state = 'active'") != 1 {
		t.Errorf("mailed %v, active subscriptions %d", mails, s.count("SELECT count(*) FROM subscription WHERE state = 'active'"))
	}
}

// What fell into the honeypot counts like any other post of its network.
func TestTrapIsCounted(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	trap := foreign("nadia@example.org")
	trap.Set("website", "https://spam.example")
	var last answer
	for range 21 {
		last = s.post("/subscribe", trap, "Origin", siteOrigin)
	}
	if last.StatusCode != http.StatusTooManyRequests {
		t.Errorf("the 21st post of a network: %d", last.StatusCode)
	}
}
