package account

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"vistka/internal/postgres"
	"vistka/internal/postgres/pgtest"
	"vistka/internal/token"
)

const phrase = "four quiet herons wade"

func newService(t *testing.T) *Service { t.Helper(); return newServiceWith(t, WithHashMemory(64)) }

func newServiceWith(t *testing.T, options ...Option) *Service {
	t.Helper()
	keys, err := token.NewKeys("a secret key for tests only")
	if err != nil {
		t.Fatal(err)
	}
	clock := postgres.NewTestClock(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC))
	return New(pgtest.New(t), keys, token.NewHasher(make([]byte, 32)), clock, options...)
}

func newOwner(t *testing.T, s *Service) Account {
	t.Helper()
	a, err := s.Create(t.Context(), NewAccount{Address: "desk@example.org", Name: "Desk", Password: phrase, Role: Owner, Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestHashIsStrongEnough(t *testing.T) {
	t.Parallel()
	p, _, _, err := argon2id.DecodeHash(newOwner(t, newServiceWith(t)).PasswordHash)
	if err != nil {
		t.Fatal(err)
	}
	if p.Memory < 19*1024 || p.Iterations < 2 || p.Parallelism < 1 || p.SaltLength < 16 || p.KeyLength < 32 {
		t.Errorf("weaker than 19 MiB, t=2, p=1: %+v", p)
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	long := strings.Repeat("довгий пароль ", 18) // 252 characters, 459 octets
	if _, err := s.Create(t.Context(), NewAccount{Address: "two@example.org", Name: "Two", Password: long, Role: Viewer, Locale: "uk"}); err != nil {
		t.Fatal(err)
	}
	gone, err := s.Create(t.Context(), NewAccount{Address: "gone@example.org", Name: "Gone", Password: phrase, Role: Viewer, Locale: "en"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Disable(t.Context(), gone.ID, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, address, password string
		want                    error
	}{
		{"right", "desk@example.org", phrase, nil},
		{"other case", " Desk@Example.ORG ", phrase, nil},
		{"long", "two@example.org", long, nil},
		{"long and more", "two@example.org", long + "x", ErrRefused},
		{"wrong password", "desk@example.org", "four quiet herons wad", ErrRefused},
		{"unknown", "nobody@example.org", phrase, ErrRefused},
		{"not an address", "desk", phrase, ErrRefused},
		{"disabled", "gone@example.org", phrase, ErrRefused},
		{"empty", "desk@example.org", "", ErrRefused},
	} {
		got, err := s.Authenticate(t.Context(), Attempt{Address: c.address, Password: c.password})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if c.want != nil && got.ID != 0 {
			t.Errorf("%s: an account came with the refusal", c.name)
		}
	}
	got, err := s.Get(t.Context(), a.ID)
	if err != nil || got.SeenAt == nil {
		t.Errorf("log-in was not noted: %v, %v", got.SeenAt, err)
	}
}

func TestGuessingIsLimitedButTheOwnerGetsIn(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	guess := func(addr, ip string) error {
		_, err := s.Authenticate(t.Context(), Attempt{Address: addr, Password: "wrong", IP: netip.MustParseAddr(ip)})
		return err
	}
	for range perAccountNetwork {
		if err := guess("desk@example.org", "2001:db8::1"); !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
	}
	if err := guess("desk@example.org", "2001:db8::ffff"); !errors.Is(err, ErrTooMany) {
		t.Errorf("same /64: %v", err)
	}
	right := Attempt{Address: "desk@example.org", Password: phrase, IP: netip.MustParseAddr("2001:db8::1")}
	if _, err := s.Authenticate(t.Context(), right); !errors.Is(err, ErrTooMany) {
		t.Errorf("the right guess got through the limit: %v", err)
	}
	right.Device = s.DeviceToken(a.ID)
	if _, err := s.Authenticate(t.Context(), right); err != nil {
		t.Errorf("the owner's own browser is locked out: %v", err)
	}
	right.Device = s.DeviceToken(a.ID + 1)
	if _, err := s.Authenticate(t.Context(), right); !errors.Is(err, ErrTooMany) {
		t.Errorf("another account's device counts as the owner's: %v", err)
	}
	right.Device, right.IP = "", netip.MustParseAddr("192.0.2.7")
	if _, err := s.Authenticate(t.Context(), right); err != nil {
		t.Errorf("the owner elsewhere is locked out: %v", err)
	}
	right.IP = netip.MustParseAddr("2001:db8::1")
	s.Clock.Advance(LimitSpan)
	if _, err := s.Authenticate(t.Context(), right); err != nil {
		t.Errorf("still limited after the span: %v", err)
	}
}

func TestUnknownAccountsAreLimitedAlike(t *testing.T) {
	t.Parallel()
	s := newService(t)
	ip := netip.MustParseAddr("192.0.2.1")
	for i := range perAccountNetwork + 1 {
		_, err := s.Authenticate(t.Context(), Attempt{Address: "nobody@example.org", Password: "wrong", IP: ip})
		want := ErrRefused
		if i == perAccountNetwork {
			want = ErrTooMany
		}
		if !errors.Is(err, want) {
			t.Fatalf("try %d: %v", i+1, err)
		}
	}
	var leaks int
	if err := s.DB.QueryRow(t.Context(), "SELECT count(*) FROM request_limit WHERE limit_key LIKE '%nobody%'").Scan(&leaks); err != nil || leaks > 0 {
		t.Errorf("the limits name the address: %d, %v", leaks, err)
	}
}

func TestSuccessDoesNotSpend(t *testing.T) {
	t.Parallel()
	s := newService(t)
	newOwner(t, s)
	for range perAccountNetwork + 2 {
		if _, err := s.Authenticate(t.Context(), Attempt{Address: "desk@example.org", Password: phrase, IP: netip.MustParseAddr("192.0.2.1")}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSetUpOnce(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tok, err := s.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.VerifySetup(t.Context(), tok+"A"); !errors.Is(err, token.ErrInvalid) {
		t.Errorf("a wrong link: %v", err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			address := string(rune('a'+i)) + "@example.org"
			_, errs[i] = s.SetUp(context.WithoutCancel(t.Context()), tok, NewAccount{Address: address, Name: "N", Password: phrase, Locale: "en", Role: Viewer})
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, ErrSetUp) {
			t.Error(err)
		}
	}
	list, err := s.List(t.Context())
	if err != nil || made != 1 || len(list) != 1 || list[0].Role != Owner {
		t.Errorf("made %d, accounts %+v, %v", made, list, err)
	}
	if _, err := s.SetupToken(t.Context()); !errors.Is(err, ErrSetUp) {
		t.Errorf("a link is still given: %v", err)
	}
	if err := s.VerifySetup(t.Context(), tok); !errors.Is(err, ErrSetUp) {
		t.Errorf("the link still works: %v", err)
	}
}

// An editor added from the command line does not take the owner's link away.
func TestSetUpLinkLivesUntilThereIsAnOwner(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tok, err := s.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Create(t.Context(), NewAccount{Address: "editor@example.org", Name: "E", Password: phrase, Role: Editor, Locale: "en"}); err != nil {
		t.Fatal(err)
	}
	if err := s.VerifySetup(t.Context(), tok); err != nil {
		t.Errorf("beside an editor: %v", err)
	}
	made, err := s.SetUp(t.Context(), tok, NewAccount{Address: "owner@example.org", Name: "O", Password: phrase, Locale: "en"})
	if err != nil || made.Role != Owner {
		t.Errorf("%+v, %v", made, err)
	}
	if err := s.VerifySetup(t.Context(), tok); !errors.Is(err, ErrSetUp) {
		t.Errorf("beside an owner: %v", err)
	}
}

func TestSetUpWaitsForAnotherUnderWay(t *testing.T) {
	t.Parallel()
	s := newService(t)
	tok, err := s.SetupToken(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.DB.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = first.Exec(t.Context(), `INSERT INTO account (address, address_key, name, password_hash, role, locale, created_at)
		VALUES ('a@example.org', 'a@example.org', 'A', 'x', 'owner', 'en', now())`)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := s.SetUp(context.WithoutCancel(t.Context()), tok, NewAccount{Address: "b@example.org", Name: "B", Password: phrase, Locale: "en"})
		done <- err
	}()
	for waiting := false; !waiting; {
		select {
		case err := <-done:
			t.Fatalf("the second did not wait for the first: %v", err)
		default:
		}
		const sql = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'account'::regclass)"
		if err := s.DB.QueryRow(t.Context(), sql).Scan(&waiting); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, ErrSetUp) {
		t.Errorf("two owners: %v", err)
	}
}

func TestCreateNamesTheFields(t *testing.T) {
	t.Parallel()
	s := newService(t)
	newOwner(t, s)
	_, err := s.Create(t.Context(), NewAccount{Address: "desk", Password: "short", Role: "king"})
	var fields FieldErrors
	if !errors.As(err, &fields) || len(fields) != 4 {
		t.Errorf("got %v", err)
	}
	_, err = s.Create(t.Context(), NewAccount{Address: "DESK@example.org", Name: "D", Password: phrase, Role: Viewer, Locale: "en"})
	if !errors.As(err, &fields) || fields["address"] != "account.error.taken.address" {
		t.Errorf("taken: %v", err)
	}
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]string{
		phrase:                     "",
		"п’ять тихих чапель":       "",
		"k3#Jw!q9Lm2x":             "",
		"elevenchars":              "account.error.password.short",
		strings.Repeat("aB3#", 65): "account.error.password.long",
		"password1234":             "account.error.password.common",
		"Password2026!!":           "account.error.password.common",
		"aaaaaaaaaaaaaaaa":         "account.error.password.common",
		"qwertyuiop123456":         "account.error.password.common",
		"desk@example.org":         "account.error.password.common",
		"vistka2026!!!":            "account.error.password.common",
		"парольпароль1":            "account.error.password.common",
	} {
		if got := CheckPassword(password, "desk@example.org", "Desk"); got != want {
			t.Errorf("%q: %q, want %q", password, got, want)
		}
	}
}

func TestPasswordChangesTheStamp(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	if err := s.SetPassword(t.Context(), a.ID, "another calm heron lake", 0); err != nil {
		t.Fatal(err)
	}
	b, err := s.Get(t.Context(), a.ID)
	if err != nil || a.Stamp() == b.Stamp() {
		t.Errorf("a session outlives its password: %v", err)
	}
	if err := s.Reauthenticate(t.Context(), a.ID, phrase); !errors.Is(err, ErrRefused) {
		t.Errorf("old password: %v", err)
	}
	if err := s.Reauthenticate(t.Context(), a.ID, "another calm heron lake"); err != nil {
		t.Error(err)
	}
}

func TestLastOwnerStays(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	if err := s.Disable(t.Context(), a.ID, 0); !errors.Is(err, ErrLastOwner) {
		t.Errorf("got %v", err)
	}
	if b, err := s.Get(t.Context(), a.ID); err != nil || b.DisabledAt != nil {
		t.Errorf("disabled all the same: %v", err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	for i, r := range Roles() {
		for j, need := range Roles() {
			if r.Allows(need) != (i >= j) {
				t.Errorf("%s allows %s: %v", r, need, r.Allows(need))
			}
		}
	}
	if Role("").Allows(Viewer) || Owner.Allows("") || Role("king").Allows(Viewer) {
		t.Error("an unknown role or need is let through")
	}
}

func TestRecord(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	for _, e := range []Event{
		{At: s.Clock.Now(), AccountID: a.ID, Act: "export", Object: "newsletter 1", Detail: map[string]any{"status": "active"}},
		{At: s.Clock.Now(), Act: "seed", Object: "newsletter 2"},
	} {
		if err := Record(t.Context(), s.DB, e); err != nil {
			t.Fatal(err)
		}
	}
	for _, where := range []string{"account_id = 1 AND act = 'export' AND detail ->> 'status' = 'active'", "account_id IS NULL AND act = 'seed' AND object = 'newsletter 2'"} {
		var n int
		if err := s.DB.QueryRow(t.Context(), "SELECT count(*) FROM audit_event WHERE "+where).Scan(&n); err != nil || n != 1 {
			t.Errorf("%d with %s, %v", n, where, err)
		}
	}
}

func TestByAddress(t *testing.T) {
	t.Parallel()
	s := newService(t)
	a := newOwner(t, s)
	if got, err := s.ByAddress(t.Context(), " Desk@Example.ORG "); err != nil || got.ID != a.ID {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, unknown := range []string{"nobody@example.org", "desk", ""} {
		if _, err := s.ByAddress(t.Context(), unknown); !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %v", unknown, err)
		}
	}
}
