package subscriber

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/newsletter"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/suppression"
	"vistka/internal/token"
)

// states brings an address into each state that the form must not tell.
var states = map[string]func(*fixture, string){
	"new":     func(*fixture, string) {},
	"pending": func(f *fixture, a string) { f.signUp(a) },
	"active":  func(f *fixture, a string) { f.subscribe(a) },
	"ended": func(f *fixture, a string) {
		c := f.subscribe(a)
		if _, err := f.End(context.Background(), f.DB, c.NewsletterID, c.SubscriberID, FromPage, Evidence{}); err != nil {
			f.t.Fatal(err)
		}
	},
	"erased": func(f *fixture, a string) {
		f.subscribe(a)
		if _, err := f.Erase(context.Background(), f.DB, address(f.t, a)); err != nil {
			f.t.Fatal(err)
		}
	},
	"spam report": func(f *fixture, a string) { f.suppress(a, suppression.SpamReport) },
	"hard bounce": func(f *fixture, a string) { f.subscribe(a); f.suppress(a, suppression.HardBounce) },
	"by hand":     func(f *fixture, a string) { f.suppress(a, suppression.ByHand) },
	"not me":      func(f *fixture, a string) { f.suppress(a, suppression.NotMe) },
}

func (f *fixture) suppress(a string, r suppression.Reason) {
	f.t.Helper()
	if err := suppression.Add(context.Background(), f.DB, f.hash(address(f.t, a)), r, "", f.Clock.Now()); err != nil {
		f.t.Fatal(err)
	}
}

func TestWhatASignUpIsAnsweredWith(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"new": "confirmation", "pending": "confirmation", "ended": "confirmation", "erased": "confirmation",
		"active": "settings", "spam report": "", "hard bounce": "", "by hand": "", "not me": "",
	}
	f := setUp(t)
	for name, prepare := range states {
		a := strings.ReplaceAll(name, " ", "-") + "@example.org"
		prepare(f, a)
		f.mails()
		f.Clock.Advance(repeatWithin)
		f.signUp(a)
		if got := f.mails(); got != want[name] {
			t.Errorf("%s: mailed %q, want %q", name, got, want[name])
		}
	}
}

// recorder notes the statements of a pool.
type recorder struct {
	mu  sync.Mutex
	sql []string
}

func (r *recorder) note(sql string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sql = append(r.sql, sql)
}

func (r *recorder) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	r.note(d.SQL)
	return ctx
}
func (r *recorder) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (r *recorder) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (r *recorder) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	r.note(d.SQL)
}
func (r *recorder) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func TestSignUpRunsTheSameStatementsForEveryState(t *testing.T) {
	t.Parallel()
	rec := &recorder{}
	cfg := pgtest.New(t).Config().Copy()
	cfg.ConnConfig.Tracer = rec
	db, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	f := setUpOn(t, db)
	var want []string
	for name, prepare := range states {
		a := strings.ReplaceAll(name, " ", "-") + "@example.org"
		prepare(f, a)
		f.Clock.Advance(20 * time.Minute)
		rec.sql = nil
		r := f.request(a)
		r.IP = netip.MustParseAddr("203.0.113.9")
		res, err := f.SignUp(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Clone(rec.sql)
		if want == nil {
			want = got
		}
		if len(got) != 2 {
			t.Fatalf("%d statements were seen: %s", len(got), got)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s runs other statements: %s", name, diff)
		}
		if owed := f.number("SELECT count(*) FROM signup WHERE address = $1 AND mail_due_at IS NOT NULL", a); len(res.Handle) != 66 || owed != 1 {
			t.Errorf("%s: handle of %d characters, %d mails owed", name, len(res.Handle), owed)
		}
	}
}

func TestAddressCaps(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	spellings := []string{"nadia@gmail.com", "n.adia@gmail.com", "nadia+a@gmail.com", "NADIA@googlemail.com", "nad.ia+b.c@gmail.com"}
	at := func(d time.Duration, times, want int) {
		t.Helper()
		f.Clock.Set(start.Add(d))
		for i := range times {
			f.signUp(spellings[i%len(spellings)])
		}
		if got := len(strings.Fields(f.mails())); got != want {
			t.Errorf("after %v: %d mails, want %d", d, got, want)
		}
	}
	at(0, 50, 2)
	at(14*time.Minute, 5, 0)
	at(16*time.Minute, 5, 1) // three in a day
	at(23*time.Hour, 5, 0)
	at(25*time.Hour, 5, 2) // five in a month
	at(29*24*time.Hour, 5, 0)
	at(32*24*time.Hour, 5, 2)
}

func TestManySignUpsOfOneAddressAtOnce(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	var wg sync.WaitGroup
	errs := make(chan error, 200)
	for i := range 200 {
		wg.Go(func() {
			r := f.request("nadia@example.org")
			r.Address = address(t, fmt.Sprintf("nadia+%d@example.org", i%4))
			_, err := f.SignUp(context.Background(), r)
			errs <- err
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.work()
	if got, asked := f.mails(), f.number("SELECT count(*) FROM address_limit"); asked != capQuarter || len(strings.Fields(got)) > capQuarter || got == "" {
		t.Errorf("mailed %q, %d were asked for", got, asked)
	}
	if n := f.number("SELECT count(*) FROM signup"); n != 4 {
		t.Errorf("%d sign-ups of four spellings", n)
	}
}

func TestSignUpsTakeTurns(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Turns = make(chan struct{}, 1)
	f.Turns <- struct{}{} // another one's
	late := errors.New("the reader has gone")
	ctx, leave := context.WithCancelCause(context.Background())
	leave(late)
	if _, err := f.SignUp(ctx, f.request("nadia@example.org")); !errors.Is(err, late) {
		t.Errorf("without a turn: %v", err)
	}
	if n := f.number("SELECT count(*) FROM signup"); n != 0 {
		t.Errorf("%d sign-ups without a turn", n)
	}
	<-f.Turns
	f.signUp("nadia@example.org")
	if len(f.Turns) != 0 {
		t.Error("the turn is kept")
	}
}

func TestRequestLimits(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	count := func(ip string, challenged bool, times int) Decision {
		t.Helper()
		var a Admission
		var err error
		for range times {
			o := Origin{IP: netip.MustParseAddr(ip), Attested: true, Challenged: challenged}
			if a, err = f.Admit(context.Background(), o); err != nil {
				t.Fatal(err)
			}
		}
		return a.Decision
	}
	for _, step := range []struct {
		ip         string
		challenged bool
		times      int
		want       Decision
	}{
		{"203.0.113.1", false, perHost, Accepted},
		{"203.0.113.1", false, 1, Challenge},
		{"::ffff:203.0.113.1", true, 1, Accepted},
		{"203.0.113.1", true, perHost * challengedFactor, TooMany},
		{"203.0.113.1", false, 1, TooMany},                // a press would not help
		{"203.0.114.1", false, 1, Accepted},               // another /24
		{"203.0.113.2", false, 1, Challenge},              // the /24 is spent
		{"2001:db8::1", false, perHost, Accepted},         //
		{"2001:db8::2", false, 1, Challenge},              // the same /64
		{"2001:db8:0:1::2", false, 1, Accepted},           // another /64
		{"2001:db8:0:2::2", false, perNetwork, Challenge}, //
		{"2001:db8:0:3::2", false, 1, Challenge},          // the /48 is spent
		{"2001:db8:1::2", false, 1, Accepted},             // another /48
	} {
		if got := count(step.ip, step.challenged, step.times); got != step.want {
			t.Errorf("%s: %s, want %s", step.ip, got, step.want)
		}
	}
	f.Clock.Advance(requestsWindow)
	if got := count("203.0.113.1", false, 1); got != Accepted {
		t.Errorf("ten minutes later: %s", got)
	}
	r := f.request("nadia@example.org")
	r.IP = netip.MustParseAddr("2001:db8:0:9::1")
	f.Clock.Advance(-requestsWindow)
	res, err := f.SignUp(context.Background(), r)
	if err != nil || res.Decision != Challenge || res.Handle != "" || f.number("SELECT count(*) FROM signup") != 0 {
		t.Errorf("over the limit: %+v, %v", res, err)
	}
}

func TestSignUpRefusesAClosedNewsletter(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	if err := newsletter.Archive(context.Background(), f.DB, f.news.ID, start); err != nil {
		t.Fatal(err)
	}
	if _, err := f.SignUp(context.Background(), f.request("nadia@example.org")); !errors.Is(err, newsletter.ErrNotFound) {
		t.Errorf("sign-up: %v", err)
	}
}

func TestResend(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	page, link := f.signUp("nadia@example.org")
	f.mails()
	res, err := f.Resend(ctx, page, netip.Addr{})
	if err != nil || res.Sent || !res.Next.Equal(start.Add(time.Minute)) {
		t.Fatalf("at once: %+v, %v", res, err)
	}
	f.Clock.Advance(time.Minute)
	if res, err = f.Resend(ctx, page, netip.Addr{}); err != nil || !res.Sent {
		t.Fatalf("after a minute: %+v, %v", res, err)
	}
	f.work()
	if got := f.mails(); got != "confirmation" {
		t.Errorf("mailed %q", got)
	}
	f.Clock.Advance(2 * time.Minute)
	if again, err := f.Resend(ctx, res.Handle, netip.Addr{}); err != nil || again.Sent {
		t.Errorf("a third mail within 15 minutes: %+v, %v", again, err)
	}
	if _, err := f.Resend(ctx, page, netip.Addr{}); err != nil { // the older page again: the address's cap holds
		t.Fatal(err)
	}
	f.work()
	if got := f.mails(); got != "" {
		t.Errorf("mailed %q", got)
	}
	if c, err := f.ConfirmPage(ctx, link); err != nil || c.Outcome != Ready {
		t.Errorf("the first link afterwards: %+v, %v", c, err)
	}
	if _, err := f.Resend(ctx, "x", netip.Addr{}); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("no handle: %v", err)
	}
}

func TestSettingsMailOnceADay(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.subscribe("nadia@example.org")
	f.Clock.Advance(20 * time.Minute)
	f.mails()
	f.signUp("nadia@example.org")
	if got := f.mails(); got != "settings" {
		t.Errorf("mailed %q", got)
	}
	f.Clock.Advance(20 * time.Minute)
	f.signUp("nadia@example.org")
	if got := f.mails(); got != "" {
		t.Errorf("mailed %q on the same day", got)
	}
	f.Clock.Advance(25 * time.Hour)
	f.signUp("nadia@example.org")
	if got := f.mails(); got != "settings" {
		t.Errorf("mailed %q on the next day", got)
	}
}

func TestCappedSignUpChangesNothingThatCounts(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	page, link := f.signUp("nadia@example.org")
	f.Clock.Advance(repeatWithin)
	f.signUp("nadia@example.org")
	for n := range codeTries {
		want := WrongCode
		if n == codeTries-1 {
			want = CodeSpent
		}
		if c, err := f.ConfirmCode(ctx, page, "000000", Evidence{}); err != nil || c.Outcome != want {
			t.Fatalf("a wrong code: %+v, %v", c, err)
		}
	}
	f.signUp("nadia@example.org") // a repeat: no mail, and no new tries
	f.Clock.Advance(repeatWithin)
	f.signUp("nadia@example.org") // the third: nor here
	if c, err := f.ConfirmCode(ctx, page, Code(f.Keys, 1, 1), Evidence{}); err != nil || c.Outcome != CodeSpent {
		t.Errorf("a sixth try: %+v, %v", c, err)
	}
	f.confirmed(link, Confirmed)
}
