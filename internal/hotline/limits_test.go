package hotline

import (
	"fmt"
	"net/netip"
	"testing"
	"time"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	phone := 1_000_000
	try := func(ip string, challenged, attested bool) Decision {
		t.Helper()
		phone++
		in := callback(fmt.Sprint(phone))
		in.Challenged, in.Attested = challenged, attested
		if ip != "" {
			in.IP = netip.MustParseAddr(ip)
		}
		return f.submit(in).Decision
	}
	for range perHost {
		if got := try("192.0.2.7", false, true); got != Accepted {
			t.Fatal(got)
		}
	}
	if got := try("192.0.2.7", false, true); got != Challenge {
		t.Errorf("one more from the same host: %s", got)
	}
	if got := try("192.0.2.8", false, true); got != Accepted {
		t.Errorf("a neighbour: %s", got)
	}
	if got := try("192.0.2.7", true, true); got != Accepted {
		t.Errorf("after a press on our own page: %s", got)
	}
	for range perHost*challengedFactor - perHost - 2 {
		try("192.0.2.7", true, true)
	}
	if got := try("192.0.2.7", true, true); got != TooMany {
		t.Errorf("pressing all day: %s", got)
	}
	if got := try("192.0.2.7", false, true); got != TooMany {
		t.Errorf("a press would not help: %s", got)
	}
	for range perHost {
		try("2001:db8::1", false, true)
	}
	if got := try("2001:db8::ffff:1", false, true); got != Challenge {
		t.Errorf("the same /64: %s", got)
	}
	for range unattested {
		if got := try("", false, false); got != Accepted {
			t.Fatalf("from nowhere: %s", got)
		}
	}
	if got := try("203.0.113.9", false, false); got != Challenge {
		t.Errorf("too many from nowhere: %s", got)
	}
	if got := try("203.0.113.9", true, true); got != Accepted {
		t.Errorf("an honest person meanwhile: %s", got)
	}
	f.Clock.Advance(window)
	if got := try("192.0.2.7", false, true); got != Accepted {
		t.Errorf("ten minutes later: %s", got)
	}
}

// Nothing that is stored tells an address, and the key to the counters is gone
// once their day is.
func TestCountersForget(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	in := callback("0441234567")
	in.IP = netip.MustParseAddr("192.0.2.77")
	f.submit(in)
	for _, table := range []string{"hotline_limit", "hotline_salt", "hotline_request"} {
		if f.count("SELECT count(*) FROM "+table) == 0 {
			t.Errorf("%s is empty: nothing is shown by what follows", table)
		}
		if n := f.count("SELECT count(*) FROM " + table + " AS r WHERE r::text ~ '192[.]0[.]2|3139322e302e32|c000024d'"); n != 0 { // also as octets
			t.Errorf("%s holds the address", table)
		}
	}
	if n := f.count(`SELECT count(*) FROM pg_class WHERE relname IN ('hotline_limit', 'hotline_salt') AND relpersistence = 'u'`); n != 2 {
		t.Error("salt and counters would reach the log and every backup")
	}
	if _, err := f.Purge(t.Context()); err != nil || f.count("SELECT count(*) FROM hotline_salt") != 1 {
		t.Errorf("gone within its day: %v", err)
	}
	f.Clock.Advance(15 * time.Hour) // past midnight
	if _, err := f.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := f.count("SELECT (SELECT count(*) FROM hotline_limit) + (SELECT count(*) FROM hotline_salt)"); n != 0 {
		t.Errorf("%d rows of yesterday", n)
	}
}

// A thousand posts within an hour from everywhere, each with the Origin of a
// listed site, as a program would: the desk gets its thirty mails, and one more
// an hour while it lasts; a person gets through from a network that takes part
// in it, and nothing that was accepted is lost.
func TestAFlood(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	stored := 0
	flood := func(n int) {
		t.Helper()
		for i := range n {
			in := complaint(fmt.Sprint("buy now ", stored, i))
			in.IP = netip.AddrFrom4([4]byte{198, 18, byte(i % 40), byte(i % 3)}) // 120 hosts in 40 networks
			if f.submit(in).Decision == Accepted {
				stored++
			}
		}
	}
	flood(1000)
	if n := f.count("SELECT count(*) FROM hotline_request"); n != stored || stored != 120*perHost {
		t.Errorf("%d accepted, %d stored", stored, n)
	}
	if n := f.notices; len(n) != deskMails || n[deskMails/2-1].Busy || !n[deskMails/2].Busy || !n[deskMails-1].Busy {
		t.Errorf("the desk got %d mails", len(f.notices))
	}
	person := callback("+380 44 123 45 67")
	person.IP = netip.MustParseAddr("198.18.0.0")
	if got := f.submit(person); got.Decision != Challenge {
		t.Errorf("a person behind a host of the flood: %v", got)
	}
	person.Challenged = true // one press on our own page
	got := f.submit(person)
	if list, _, err := f.List(t.Context(), Filter{Kind: Callback, Limit: 10}); err != nil || len(list) != 1 || list[0].Reference != got.Reference {
		t.Errorf("after the press: %v, the desk sees %v, %v", got, list, err)
	}
	for hour := 1; hour <= 3; hour++ {
		f.Clock.Advance(time.Hour - time.Minute) // the last one's posts still count
		flood(200)
		f.Clock.Advance(time.Minute)
		flood(200)
		if n := len(f.notices); n != deskMails+hour || !f.notices[n-1].Busy {
			t.Errorf("%d hours on, the desk has got %d mails", hour, n)
		}
	}
	f.Clock.Advance(time.Hour)
	for range 2 {
		f.submit(complaint("calm again"))
		f.submit(callback("0447654321"))
	}
	if n := len(f.notices); n != deskMails+3+2 || f.notices[n-1].Busy {
		t.Errorf("afterwards the desk has got %d mails", n)
	}
}
