package subscriber

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"vistka/internal/altcha"
)

// proof is a proof as altcha.Verify gives one, each of another challenge.
func (f *fixture) proof(n int) altcha.Proof {
	challenge := make([]byte, 32)
	challenge[0], challenge[1] = byte(n>>8), byte(n)
	return altcha.Proof{Challenge: challenge, Expires: f.Clock.Now().Add(altcha.Lasts)}
}

// Whoever hands a solution in first has it, however many do at once; it is
// remembered until it would not be taken any more. The honeypot's posts use it
// up as sign-ups do.
func TestProofCountsOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := setUp(t)
	f.ProofOfWork = ProofAlways
	for round := range 5 {
		p := f.proof(round)
		counted := make(chan bool, 16)
		var all sync.WaitGroup
		for i := range cap(counted) {
			r := f.request(fmt.Sprintf("reader%d.%d@example.org", round, i))
			r.Proof = p
			all.Go(func() {
				var res SignUpResult
				var err error
				if i%4 == 0 {
					res.Admission, err = f.Admit(ctx, r.origin())
				} else {
					res, err = f.SignUp(ctx, r)
				}
				if err != nil || res.Decision != Accepted {
					t.Errorf("%+v, %v", res, err)
				}
				counted <- res.Proven
			})
		}
		all.Wait()
		close(counted)
		n := 0
		for proven := range counted {
			if proven {
				n++
			}
		}
		if n != 1 {
			t.Errorf("one solution handed in %d times counts %d times", cap(counted), n)
		}
	}
	f.Clock.Advance(altcha.Lasts - time.Second)
	if _, err := f.Purge(ctx); err != nil || f.number("SELECT count(*) FROM proof_used") != 5 {
		t.Errorf("before they expire %d are left, %v", f.number("SELECT count(*) FROM proof_used"), err)
	}
	f.Clock.Advance(time.Second)
	if _, err := f.Purge(ctx); err != nil || f.number("SELECT count(*) FROM proof_used") != 0 {
		t.Errorf("%d are left after they expired, %v", f.number("SELECT count(*) FROM proof_used"), err)
	}
}

// A network that sends too many does not get rid of that by work, and its work
// is not written down.
func TestProofOfACrowdedNetwork(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.ProofOfWork = ProofAlways
	for i := range perHost + 5 {
		a, err := f.Admit(context.Background(), Origin{IP: netip.MustParseAddr("203.0.113.9"), Attested: true, Proof: f.proof(i)})
		if err != nil || (a.Decision == Accepted) != (i < perHost) {
			t.Errorf("post %d: %+v, %v", i, a, err)
		}
	}
	if n := f.number("SELECT count(*) FROM proof_used"); n != perHost {
		t.Errorf("%d proofs are kept", n)
	}
}

// What a post comes to in each mode and state of the budget.
func TestAdmissionByWork(t *testing.T) {
	t.Parallel()
	f, now := setUp(t), start
	open, crowded := gate{}, gate{unattested: &now}
	attack, empty := gate{spent: &now, unattested: &now}, gate{spent: &now, unattested: &now, empty: &now}
	nothing, listed, pressed := Origin{}, Origin{Attested: true}, Origin{Attested: true, Challenged: true}
	for i, row := range []struct {
		mode    ProofOfWork
		gate    gate
		from    Origin
		proven  bool
		want    Decision
		delayed bool
	}{
		// Off: as without any of this.
		{ProofOff, open, nothing, false, Accepted, false},
		{ProofOff, crowded, nothing, false, Prove, false},
		{ProofOff, crowded, listed, false, Accepted, false},
		{ProofOff, attack, listed, false, Accepted, true},
		{ProofOff, attack, nothing, false, Prove, true},

		// In an attack everybody is asked on our page, whose press is taken.
		{ProofAttack, open, listed, false, Accepted, false},
		{ProofAttack, crowded, nothing, false, Prove, false},
		{ProofAttack, crowded, nothing, true, Accepted, false},
		{ProofAttack, crowded, listed, false, Accepted, false},
		{ProofAttack, attack, listed, false, Prove, true},
		{ProofAttack, attack, nothing, false, Prove, true},
		{ProofAttack, attack, pressed, false, Accepted, true},
		{ProofAttack, attack, nothing, true, Accepted, false},
		{ProofAttack, empty, pressed, true, Accepted, true},

		// Always: as soon as the share of what proves nothing is spent.
		{ProofAlways, open, listed, false, Accepted, false},
		{ProofAlways, crowded, listed, false, Prove, true},
		{ProofAlways, crowded, pressed, false, Accepted, true},
		{ProofAlways, crowded, pressed, true, Accepted, false},
	} {
		f.ProofOfWork = row.mode
		f.exec("UPDATE signup_gate SET spent_since = $1, unattested_since = $2, empty_since = $3",
			row.gate.spent, row.gate.unattested, row.gate.empty)
		if row.proven {
			row.from.Proof = f.proof(i)
		}
		want := Admission{Decision: row.want, Delayed: row.delayed, Proven: row.proven}
		if got, err := f.Admit(context.Background(), row.from); got != want || err != nil {
			t.Errorf("%+v: %+v, %v", row, got, err)
		}
	}
}

// With a flood held, whoever did work is mailed as soon as the hour has any
// room; whoever did none still gets of the reserve from a quiet network.
func TestProofInAnAttack(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := setUp(t)
	f.Budget, f.ProofOfWork = 100, ProofAttack
	sent, _ := f.watchMails()
	signUp := func(i int, ip string, change func(*SignUpRequest)) (int64, SignUpResult) {
		t.Helper()
		r := f.request(fmt.Sprintf("reader%d@example.org", i))
		r.IP = netip.MustParseAddr(ip)
		change(&r)
		res, err := f.SignUp(ctx, r)
		if err != nil || res.Decision != Accepted {
			t.Fatalf("reader %d: %+v, %v", i, res, err)
		}
		h, err := f.open(res.Handle)
		if err != nil {
			t.Fatal(err)
		}
		return h.signupID, res
	}
	press := func(r *SignUpRequest) { r.Challenged = true }
	f.flood(400, 40, nil) // from the listed origin, as anybody can say
	f.work()
	early, res := signUp(0, "198.0.5.2", func(r *SignUpRequest) { press(r); r.Proof = f.proof(0) })
	f.work()
	if _, ok := sent[early]; ok || !res.Delayed {
		t.Errorf("with nothing left, whoever did work is mailed at once or told so: %+v", res)
	}
	f.Clock.Advance(61 * time.Minute)
	f.work()
	if _, ok := sent[early]; !ok {
		t.Error("whoever did work waits behind the flood")
	}
	if got := f.mailed(unattestedShare); got != 25 {
		t.Errorf("the flood's rest took %d of the share of what proves nothing", got)
	}

	quiet, res := signUp(1, "203.0.113.9", press)
	if !res.Delayed {
		t.Error("whoever did no work is told of no delay")
	}
	for i := range quietNetwork { // the next ones' network is not: the reserve is not for it
		signUp(10+i, "198.0.0.9", press)
	}
	proven, res := signUp(2, "198.0.0.1", func(r *SignUpRequest) { press(r); r.Proof = f.proof(1) })
	if res.Delayed || !res.Proven {
		t.Errorf("whoever did work: %+v", res)
	}
	again, res := signUp(3, "198.0.0.2", func(r *SignUpRequest) { press(r); r.Proof = f.proof(1) })
	if !res.Delayed || res.Proven {
		t.Errorf("whoever hands the same work in: %+v", res)
	}
	renewed, _ := signUp(4, "198.0.0.3", func(r *SignUpRequest) { press(r); r.Mailed = true })
	f.work()
	for id, want := range map[int64]bool{proven: true, renewed: true, again: false, quiet: false} {
		if _, ok := sent[id]; ok != want {
			t.Errorf("sign-up %d is mailed at once: %t, want %t", id, ok, want)
		}
	}
	f.Clock.Advance(reserveWait)
	f.work()
	if _, ok := sent[quiet]; !ok {
		t.Error("a quiet reader without scripts waits")
	}
	if _, ok := sent[again]; ok {
		t.Error("a replay is mailed")
	}
}

// Attack mode ends while a few wait that did no work, and they get their mail.
func TestProofEndsWithTheAttack(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	f.Budget, f.ProofOfWork = 100, ProofAttack
	f.exec("INSERT INTO signup_mail VALUES ($1, 'unattested', 'elsewhere.example', 25)", f.Clock.Now().Truncate(time.Minute))
	f.exec("UPDATE signup_gate SET spent_since = $1", f.Clock.Now())
	f.flood(5, 5, func(r *SignUpRequest, _ int) { r.Challenged = true })
	f.work()
	if m := f.meter(); m.Held != 5 || m.SpentSince != nil {
		t.Fatalf("%+v", m)
	}
	f.work()
	if m := f.meter(); m.Held != 0 || f.mailed(attestedShare) != 5 {
		t.Errorf("%+v", m)
	}
}

// Work that was done for a mail that waits is not undone by whoever types the
// address without any.
func TestProofStays(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := setUp(t)
	f.Budget, f.ProofOfWork = 100, ProofAlways
	f.exec("INSERT INTO signup_mail VALUES ($1, 'attested', 'elsewhere.example', 80)", f.Clock.Now().Truncate(time.Minute))
	r := f.request("nadia@example.org")
	r.Proof = f.proof(1)
	for _, p := range []altcha.Proof{f.proof(1), {}} {
		r.Proof, r.Challenged = p, true
		if res, err := f.SignUp(ctx, r); err != nil || res.Decision != Accepted {
			t.Fatalf("%+v, %v", res, err)
		}
		f.work()
	}
	if f.number("SELECT count(*) FROM signup WHERE proven AND held = 'site'") != 1 {
		t.Error("the second post took the first one's work away")
	}
}
