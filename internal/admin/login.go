package admin

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5/middleware"

	"vistka/internal/account"
	"vistka/internal/page"
)

type loginBody struct {
	Address string
	Next    string
	Error   string // in words
}

func (a *admin) loginPage(w http.ResponseWriter, r *http.Request) error {
	if me(r).ID != 0 {
		http.Redirect(w, r, ownPath(r.URL.Query().Get("next")), http.StatusSeeOther)
		return nil
	}
	return a.render(w, r, http.StatusOK, "login", "admin.login.title", loginBody{Next: r.URL.Query().Get("next")})
}

func (a *admin) login(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	attempt := account.Attempt{Address: r.PostForm.Get("address"), Password: r.PostForm.Get("password"), IP: middleware.GetClientIPAddr(r.Context())}
	if c, err := r.Cookie(a.deviceCookie()); err == nil {
		attempt.Device = c.Value
	}
	acc, err := a.Accounts.Authenticate(r.Context(), attempt)
	body := loginBody{Address: attempt.Address, Next: r.PostForm.Get("next")}
	switch {
	case errors.Is(err, account.ErrRefused):
		// Without the name that was tried: it may be a password in the wrong field.
		if err := account.Record(r.Context(), a.DB, account.Event{At: a.Clock.Now(), Act: "login.refused"}); err != nil {
			return err
		}
		body.Error = a.locale(r).T("admin.login.refused")
		return a.render(w, r, http.StatusUnprocessableEntity, "login", "admin.login.title", body)
	case errors.Is(err, account.ErrTooMany):
		body.Error = a.locale(r).T("admin.login.too_many")
		retryLater(w)
		return a.render(w, r, http.StatusTooManyRequests, "login", "admin.login.title", body)
	case err != nil:
		return err
	}
	if err := a.enter(w, r, acc); err != nil {
		return err
	}
	http.Redirect(w, r, ownPath(body.Next), http.StatusSeeOther)
	return nil
}

// retryLater says when a log-in is worth another try (RFC 9110 section 10.2.3).
func retryLater(w http.ResponseWriter) {
	w.Header().Set("Retry-After", strconv.Itoa(int(account.LimitSpan.Seconds())))
}

// enter begins the session and marks the browser as known, so that others'
// guesses cannot lock it out.
func (a *admin) enter(w http.ResponseWriter, r *http.Request, acc account.Account) error {
	if err := a.begin(r, acc); err != nil {
		return err
	}
	http.SetCookie(w, &http.Cookie{
		Name: a.deviceCookie(), Value: a.Accounts.DeviceToken(acc.ID), Path: "/", MaxAge: 180 * 24 * 3600,
		Secure: a.sessions.Cookie.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return account.Record(r.Context(), a.DB, account.Event{At: a.Clock.Now(), AccountID: acc.ID, Act: "login"})
}

func (a *admin) deviceCookie() string { return cookieName("device", a.sessions.Cookie.Secure) }

func (a *admin) logout(w http.ResponseWriter, r *http.Request) error {
	if err := a.sessions.Destroy(r.Context()); err != nil {
		return err
	}
	w.Header().Set("Clear-Site-Data", `"cache"`)
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
	return nil
}

// language serves the switch in the footer and is remembered with the account.
func (a *admin) language(w http.ResponseWriter, r *http.Request) error {
	code := r.PostFormValue("code")
	if !a.Pages.Catalog().Has(code) {
		return page.BadRequest(errors.New("unknown language"))
	}
	if err := a.Accounts.SetLocale(r.Context(), me(r).ID, code); err != nil {
		return err
	}
	http.Redirect(w, r, ownPath(r.PostFormValue("next")), http.StatusSeeOther)
	return nil
}
