package admin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/alexedwards/scs/v2"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/account"
	"vistka/internal/page"
)

// Limits of a session (ASVS 7.3): a working day of absence, a working week in all.
const (
	idleLimit     = 8 * time.Hour
	absoluteLimit = 5 * 24 * time.Hour
	// freshFor is how long a password counts as just given, for what cannot be taken back.
	freshFor = 15 * time.Minute
)

// What a session holds.
const (
	keyAccount = "account" // int64
	keyStamp   = "stamp"   // changes with the password
	keyFresh   = "fresh"   // unix seconds when the password was last given
	keyFlash   = "flash"   // what the next page says once
)

// newSessions keeps them in Postgres, the token hashed: a reader of the table
// cannot become an admin. Expired rows are swept by account.Service.Run.
func newSessions(db *pgxpool.Pool, https bool) *scs.SessionManager {
	m := scs.New()
	m.Store = pgxstore.NewWithCleanupInterval(db, 0)
	m.HashTokenInStore = true
	m.IdleTimeout, m.Lifetime = idleLimit, absoluteLimit
	m.Cookie.Name, m.Cookie.Secure = cookieName("session", https), https
	return m
}

// cookieName: __Host- binds a cookie to this host over https; browsers refuse the prefix over http.
func cookieName(name string, https bool) string {
	if https {
		return "__Host-vistka-" + name
	}
	return "vistka-" + name
}

type accountKey struct{}

// me is the account behind the request; only behind need is there always one.
func me(r *http.Request) account.Account {
	a, _ := r.Context().Value(accountKey{}).(account.Account)
	return a
}

// identify finds the session's account. One that was disabled, or whose
// password changed, ends the session here and now.
func (a *admin) identify(next http.Handler) http.Handler {
	return a.handle(func(w http.ResponseWriter, r *http.Request) error {
		ctx := r.Context()
		if id := a.sessions.GetInt64(ctx, keyAccount); id != 0 {
			acc, err := a.Accounts.Get(ctx, id)
			switch {
			case errors.Is(err, account.ErrNotFound), err == nil && (acc.DisabledAt != nil || acc.Stamp() != a.sessions.GetString(ctx, keyStamp)):
				if err := a.sessions.Destroy(ctx); err != nil {
					return err
				}
			case err != nil:
				return err
			default:
				r = r.WithContext(context.WithValue(ctx, accountKey{}, acc))
			}
		}
		next.ServeHTTP(w, r)
		return nil
	})
}

// need lets through whom the role allows: the one place that decides it.
func (a *admin) need(role account.Role) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return a.handle(func(w http.ResponseWriter, r *http.Request) error {
			acc := me(r)
			if acc.ID == 0 {
				target := "/admin/login"
				if r.Method == http.MethodGet && r.URL.Path != "/admin/" && r.URL.Path != "/admin" {
					target += "?next=" + url.QueryEscape(r.URL.RequestURI())
				}
				http.Redirect(w, r, target, http.StatusSeeOther)
				return nil
			}
			if !acc.Role.Allows(role) {
				return &page.Error{Status: http.StatusForbidden, Key: "admin_role"}
			}
			next.ServeHTTP(w, r)
			return nil
		})
	}
}

// begin starts a session under a new token, so that one planted before the
// log-in is worth nothing.
func (a *admin) begin(r *http.Request, acc account.Account) error {
	ctx := r.Context()
	if err := a.sessions.Clear(ctx); err != nil {
		return err
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return err
	}
	a.sessions.Put(ctx, keyAccount, acc.ID)
	a.sessions.Put(ctx, keyStamp, acc.Stamp())
	a.refresh(ctx)
	return nil
}

func (a *admin) refresh(ctx context.Context) {
	a.sessions.Put(ctx, keyFresh, a.Clock.Now().Unix())
}

// fresh reports whether the password was given within freshFor.
func (a *admin) fresh(ctx context.Context) bool {
	given := time.Unix(a.sessions.GetInt64(ctx, keyFresh), 0)
	return a.Clock.Now().Sub(given) < freshFor
}

// ownPath keeps a return address inside the admin pages.
func ownPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.Contains(s, "\\") || strings.Contains(u.Path, "//") ||
		!strings.HasPrefix(u.Path, "/admin/") || strings.HasPrefix(u.Path, "/admin/login") {
		return "/admin/"
	}
	return u.RequestURI()
}
