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

func TestADeskIsNotBuriedInMail(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	for i := range deskMails + 5 {
		f.submit(complaint(fmt.Sprint("number ", i)))
	}
	if n := f.count("SELECT count(*) FROM hotline_request"); n != deskMails+5 || len(f.notices) != deskMails || f.notices[deskMails/2-1].Busy || !f.notices[deskMails/2].Busy || !f.notices[deskMails-1].Busy {
		t.Errorf("%d requests, %d mails", n, len(f.notices))
	}
	f.Clock.Advance(time.Hour)
	f.submit(complaint("an hour later"))
	if len(f.notices) != deskMails+1 {
		t.Error("the desk is not told any more")
	}
}
