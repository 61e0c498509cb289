package subscriber

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A post that is refused waits for none that counts against the same mailbox.
func TestRefusedSignUpWaitsForNobody(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	r := f.request("nadia@example.org")
	r.IP, r.Challenged = netip.MustParseAddr("203.0.113.9"), true
	tx, err := f.DB.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(ctx) }()
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(f.limitHash(r.Address))}); err != nil {
		t.Fatal(err)
	}
	type result struct {
		SignUpResult
		err error
	}
	post := func() chan result {
		done := make(chan result, 1)
		go func() {
			res, err := f.SignUp(ctx, r)
			done <- result{res, err}
		}()
		return done
	}
	args := f.admitArgs(r.origin(), f.Clock.Now())
	f.exec(`INSERT INTO request_limit (limit_key, bucket, count) VALUES ($1, $2, $3)`, args["host"], args["bucket"], perHost*challengedFactor-1)
	admitted := post()
	for !f.waiting() {
		if len(admitted) > 0 {
			t.Fatalf("the last that is admitted does not wait its turn: %+v", <-admitted)
		}
	}
	if err := tx.Rollback(ctx); err != nil {
		t.Fatal(err)
	}
	if got := <-admitted; got.err != nil || got.Decision != Accepted {
		t.Fatalf("%+v", got)
	}
	if tx, err = f.DB.Begin(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, lockLimit, pgx.StrictNamedArgs{"key": lockKey(f.limitHash(r.Address))}); err != nil {
		t.Fatal(err)
	}
	refused := post()
	for len(refused) == 0 {
		if f.waiting() {
			t.Fatal("a post that is refused waits")
		}
	}
	if got := <-refused; got.err != nil || got.Decision != TooMany {
		t.Errorf("%+v", got)
	}
}

// Who asked for more mails than an address may get is shown to the newsroom as
// that, not as somebody whose mail is on its way.
func TestWaitsTellOfTheLimit(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	ctx := context.Background()
	for i := range capQuarter + 1 { // spellings of one mailbox, a sign-up each
		f.signUp(fmt.Sprintf("nadia+%d@example.org", i))
	}
	if _, err := f.SignUp(ctx, f.request("olha@example.org")); err != nil { // not answered yet
		t.Fatal(err)
	}
	f.Clock.Advance(time.Hour)
	waits, err := f.Waits(ctx, f.DB, "", "", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		address      string
		owed, capped bool
	}{
		{"olha@example.org", true, false}, {"nadia+2@example.org", false, true},
	} {
		if got := waits[i]; got.Address != want.address || got.Owed != want.owed || got.Capped != want.capped {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
