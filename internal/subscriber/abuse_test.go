package subscriber

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
)

// flood signs up n addresses, each from the next of so many networks.
func (f *fixture) flood(n, networks int, change func(*SignUpRequest, int)) {
	f.t.Helper()
	for i := range n {
		r := f.request(fmt.Sprintf("victim%d@host%d.example", i, i))
		r.IP = netip.AddrFrom4([4]byte{198, byte(i % networks >> 8), byte(i % networks), 1})
		if change != nil {
			change(&r, i)
		}
		if _, err := f.SignUp(context.Background(), r); err != nil {
			f.t.Fatal(err)
		}
	}
}

// mailed is how many mails of each share were counted.
func (f *fixture) mailed(of share) int {
	f.t.Helper()
	return f.number("SELECT coalesce(sum(count), 0) FROM signup_mail WHERE share = $1", of)
}

func (f *fixture) meter() Meter {
	f.t.Helper()
	m, err := f.Meter(context.Background(), f.DB)
	if err != nil {
		f.t.Fatal(err)
	}
	return m
}

// watchMails notes who is mailed and when, and how often the owners are warned.
func (f *fixture) watchMails() (sent map[int64]time.Time, warned *int) {
	sent, warned = map[int64]time.Time{}, new(int)
	f.Notify = func(_ context.Context, _ pgx.Tx, all ...Notice) error {
		for _, n := range all {
			if at, twice := sent[n.SignupID]; twice {
				f.t.Errorf("sign-up %d is mailed twice, at %s and now", n.SignupID, at)
			}
			sent[n.SignupID] = f.Clock.Now()
		}
		return nil
	}
	f.OnSpent = func(context.Context, pgx.Tx) { *warned++ }
	return sent, warned
}

func TestAttack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := setUp(t)
	f.Budget = 100
	sent, warned := f.watchMails()

	f.Clock.Advance(59 * time.Second) // the end of a minute, which counts whole
	f.flood(400, 40, nil)             // ten of each network
	f.work()
	if m := f.meter(); m.Spent != 80 || m.Held != 320 || m.SpentSince == nil || *warned != 1 {
		t.Fatalf("after the flood: %+v, %d warnings", m, *warned)
	}
	f.Clock.Advance(reserveWait)
	f.work()
	if got := f.mailed(reserveShare); got != 0 {
		t.Errorf("networks that flood got %d mails of the reserve", got)
	}

	bare := f.request("bare@example.org")
	bare.Attested, bare.IP = false, netip.MustParseAddr("203.0.113.7")
	if res, err := f.SignUp(ctx, bare); err != nil || res.Decision != Prove || res.Handle != "" {
		t.Errorf("a post that proves nothing: %+v, %v", res, err)
	}
	honest := f.request("nadia@example.org")
	honest.IP = netip.MustParseAddr("203.0.113.9")
	res, err := f.SignUp(ctx, honest)
	if err != nil || res.Decision != Accepted || !res.Delayed {
		t.Fatalf("an honest reader: %+v, %v", res, err)
	}
	h, err := f.open(res.Handle)
	if err != nil {
		t.Fatal(err)
	}
	f.work()
	f.Clock.Advance(reserveWait)
	f.work()
	if _, ok := sent[h.signupID]; !ok || f.mailed(reserveShare) != 1 {
		t.Errorf("the honest reader's mail is held; the reserve gave %d", f.mailed(reserveShare))
	}

	// The held go out as the hour frees room, and never more than the budget in
	// an hour.
	for range 6 * 60 {
		f.Clock.Advance(time.Minute)
		f.work()
	}
	if m := f.meter(); m.Held != 0 || m.SpentSince != nil || m.LetGo != 0 || len(sent) != 401 || *warned != 1 {
		t.Errorf("six hours later: %+v, %d mailed, %d warnings", m, len(sent), *warned)
	}
	for _, from := range sent {
		n := 0
		for _, at := range sent {
			if !at.Before(from) && at.Before(from.Add(time.Hour)) {
				n++
			}
		}
		if n > f.Budget {
			t.Fatalf("%d mails within the hour from %s", n, from)
		}
	}
}

func TestReserveIsGivenOutEvenly(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget = 600 // the reserve is 120: two a minute
	sent, _ := f.watchMails()
	f.flood(520, 520, nil) // each looks like a reader of its own
	f.work()
	for range 3 {
		f.Clock.Advance(reserveWait)
		f.work()
	}
	if got := f.mailed(reserveShare); got != 2 {
		t.Fatalf("the reserve gave %d in its first minute", got)
	}
	res, err := f.SignUp(context.Background(), f.request("nadia@example.org"))
	if err != nil {
		t.Fatal(err)
	}
	h, _ := f.open(res.Handle)
	f.exec("UPDATE signup SET ip = '203.0.113.9' WHERE id = $1", h.signupID)
	f.work()
	f.Clock.Advance(time.Minute)
	f.work()
	if _, ok := sent[h.signupID]; !ok {
		t.Error("whoever came last waits behind those who came first")
	}
}

func TestUnattestedHaveAShare(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget = 100
	bare := func(r *SignUpRequest, _ int) { r.Attested = false }
	f.flood(60, 60, bare)
	f.work()
	if got, m := f.mailed(unattestedShare), f.meter(); got != 25 || m.Held != 35 {
		t.Fatalf("%d unattested mails, %+v", got, m)
	}
	r := f.request("nadia@example.org")
	r.Attested = false
	if res, err := f.SignUp(context.Background(), r); err != nil || res.Decision != Prove {
		t.Errorf("one more: %+v, %v", res, err)
	}
	r.Attested, r.Challenged = true, true // the press on our own page
	if res, err := f.SignUp(context.Background(), r); err != nil || res.Decision != Accepted {
		t.Errorf("after the press: %+v, %v", res, err)
	}
	f.work()
	if got := f.mailed(attestedShare); got != 1 {
		t.Errorf("%d attested mails", got)
	}
}

func TestOneDomainIsNotFlooded(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget = 100
	_, warned := f.watchMails()
	at := func(domain string) func(*SignUpRequest, int) {
		return func(r *SignUpRequest, i int) {
			r.Address = address(t, fmt.Sprintf("person%d@%s", i, domain))
			r.IP = netip.Addr{}
		}
	}
	f.flood(18, 1, at("mail.company.example"))
	f.work()
	if m := f.meter(); m.Spent != 10 || m.Held != 8 || m.SpentSince != nil {
		t.Errorf("a few too many for one domain: %+v", m)
	}
	f.flood(60, 1, at("gmail.com"))
	f.work()
	if m := f.meter(); m.Spent != 70 || m.Held != 8 {
		t.Errorf("where most people have their mailbox: %+v", m)
	}
	f.flood(12, 1, at("other.company.example"))
	f.work()
	if m := f.meter(); m.SpentSince == nil || *warned != 1 {
		t.Errorf("a domain under attack: %+v, %d warnings", m, *warned)
	}
	f.Clock.Advance(61 * time.Minute)
	f.work()
	if m := f.meter(); m.Held != 10 {
		t.Errorf("an hour later: %+v", m)
	}
}

func TestHeldMailIsLetGo(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget = 5
	sent, _ := f.watchMails()
	f.flood(5, 1, nil)
	f.work()
	if m := f.meter(); m.Spent != 4 || m.Held != 1 {
		t.Fatalf("%+v", m)
	}
	f.Clock.Advance(holdFor)
	f.exec("INSERT INTO signup_mail SELECT $1, 'attested', '', 4", f.Clock.Now().Truncate(time.Minute))
	f.exec("UPDATE signup SET ip = NULL")
	f.work()
	if m := f.meter(); m.Held != 0 || m.LetGo != 1 || len(sent) != 4 {
		t.Errorf("a day later: %+v, %d mailed", m, len(sent))
	}
	f.Clock.Advance(2 * time.Hour)
	f.work()
	if len(sent) != 4 {
		t.Error("what was let go is mailed")
	}
	f.flood(5, 1, func(r *SignUpRequest, i int) { r.Address = address(t, "victim4@host4.example") }) // asks again
	f.work()
	if m := f.meter(); m.LetGo != 0 || len(sent) != 5 {
		t.Errorf("asked again: %+v, %d mailed", m, len(sent))
	}
}

func TestNotMeStopsWhatIsHeld(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := setUp(t)
	f.Budget = 5
	sent, _ := f.watchMails()
	f.flood(5, 1, nil)
	f.work()
	var id int64
	if err := f.DB.QueryRow(ctx, "SELECT id FROM signup WHERE held = 'site'").Scan(&id); err != nil {
		t.Fatal(err)
	}
	if ok, err := f.NotMe(ctx, NotMeToken(f.Keys, id, 1)); err != nil || !ok {
		t.Fatal(ok, err)
	}
	f.Clock.Advance(2 * time.Hour)
	f.work()
	if m := f.meter(); len(sent) != 4 || m.Held != 0 {
		t.Errorf("%d mailed, %+v", len(sent), m)
	}
}

// Replicas answer from one budget, at once and after a restart.
func TestReplicasShareTheBudget(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget = 50
	f.flood(120, 120, nil)
	var group sync.WaitGroup
	for range 8 {
		replica := *f.Service
		group.Go(func() {
			for range 5 {
				if err := replica.AnswerAll(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	f.work()
	if got := len(f.notices); got != 40 || f.meter().Spent != 40 {
		t.Errorf("%d mails, %+v", got, f.meter())
	}
}

func TestBudgetShares(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		perHour, attested, unattested, reserve, minute, domain int
	}{
		{500, 400, 125, 100, 2, 50},
		{10, 8, 2, 2, 1, 1},
		{1, 1, 0, 0, 0, 1},
	} {
		b := func() *budget { return &budget{perHour: c.perHour, spent: map[share]int{}, domains: map[string]int{}} }
		take := func(b *budget, from share, format string) (n int) {
			for i := range 2 * c.perHour {
				a, err := emailaddr.Parse(fmt.Sprintf(format, i))
				if err != nil {
					t.Fatal(err)
				}
				if b.take(from, a) == "" {
					n++
				}
			}
			return n
		}
		got := []int{
			take(b(), attestedShare, "a@host%d.example"), take(b(), unattestedShare, "a@host%d.example"),
			take(b(), reserveShare, "a@host%d.example"), take(b(), attestedShare, "a@host%d.company.example"),
		}
		for i, want := range []int{c.attested, c.unattested, c.minute, c.domain} {
			if got[i] != want {
				t.Errorf("%d an hour: shares %v, want %d at %d", c.perHour, got, want, i)
			}
		}
		if whole := b(); whole.reserve() != c.reserve {
			t.Errorf("%d an hour: reserve %d", c.perHour, whole.reserve())
		}
	}
}
