package admin

import (
	"errors"
	"net/http"

	"vistka/internal/account"
	"vistka/internal/page"
	"vistka/internal/token"
)

type setupBody struct {
	Token         string
	Address, Name string
	Errors        map[string]string // field to words
	Faults        []fault           // the same as they stand in the form
}

// SetupPath is the page behind the one-time link; the link is the base URL, it and the token.
const SetupPath = "/admin/setup?token="

func (a *admin) setupPage(w http.ResponseWriter, r *http.Request) error {
	tok := r.URL.Query().Get("token")
	if err := setupError(a.Accounts.VerifySetup(r.Context(), tok)); err != nil {
		return err
	}
	return a.render(w, r, http.StatusOK, "setup", "admin.setup.title", setupBody{Token: tok})
}

func (a *admin) setup(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	body := setupBody{Token: r.PostForm.Get("token"), Address: r.PostForm.Get("address"), Name: r.PostForm.Get("name")}
	l := a.locale(r)
	acc, err := a.Accounts.SetUp(r.Context(), body.Token, account.NewAccount{
		Address: body.Address, Name: body.Name, Password: r.PostForm.Get("password"), Locale: l.Code(),
	})
	var fields account.FieldErrors
	if errors.As(err, &fields) {
		body.Errors = inWords(l, fields)
		body.Faults = faults(l, fields, labels("name", "admin.field.name", "address", "admin.field.address", "password", "admin.field.password"))
		return a.render(w, r, http.StatusUnprocessableEntity, "setup", "admin.setup.title", body)
	}
	if err := setupError(err); err != nil {
		return err
	}
	if err := a.enter(w, r, acc); err != nil {
		return err
	}
	http.Redirect(w, r, "/admin/", http.StatusSeeOther)
	return nil
}

func setupError(err error) error {
	switch {
	case errors.Is(err, account.ErrSetUp):
		return &page.Error{Status: http.StatusGone, Key: "admin_setup", Err: err}
	case errors.Is(err, token.ErrInvalid):
		return &page.Error{Status: http.StatusNotFound, Key: "admin_setup_link", Err: err}
	}
	return err
}
