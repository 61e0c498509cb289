package admin

import (
	"context"
	"errors"
	"net/http"
	"time"

	"vistka/internal/account"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

type exportBody struct {
	Newsletters []newsletter.Newsletter
	Newsletter  string // slug
	Status      string
	Statuses    []string
	BOM         bool
	Ask         bool   // the password is asked for again
	Error       string // of the password, in words
}

func (a *admin) exportPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	return a.showExport(w, r, http.StatusOK, exportBody{Newsletter: q.Get("newsletter"), Status: q.Get("status")})
}

func (a *admin) showExport(w http.ResponseWriter, r *http.Request, status int, b exportBody) error {
	var err error
	if b.Newsletters, _, err = a.newsletterNames(r); err != nil {
		return err
	}
	b.Statuses = []string{subscriber.StatusActive, subscriber.StatusPaused, subscriber.StatusEnded, subscriber.StatusPending}
	b.Ask = !a.fresh(r.Context())
	return a.render(w, r, status, "export", "admin.export.title", b)
}

// export streams every address out of the house: the password must have been
// given lately, who took what is written down first, and how much at the end.
func (a *admin) export(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b := exportBody{Newsletter: r.PostFormValue("newsletter"), Status: r.PostFormValue("status"), BOM: r.PostFormValue("bom") != ""}
	status, words, err := a.passwordAgain(w, r)
	if err != nil {
		return err
	}
	if b.Error = words; words != "" {
		return a.showExport(w, r, status, b)
	}
	object := "all newsletters"
	if b.Newsletter != "" {
		object = "newsletter " + b.Newsletter
	}
	filter := subscriber.ExportFilter{Newsletter: b.Newsletter, Status: b.Status, BOM: b.BOM}
	err = a.Subscribers.CheckExport(ctx, filter)
	if errors.Is(err, subscriber.ErrBadStatus) || errors.Is(err, newsletter.ErrNotFound) {
		return page.BadRequest(err)
	}
	if err != nil {
		return err
	}
	if err := a.record(r, "export", object, map[string]any{"status": b.Status}); err != nil {
		return err
	}
	out := &download{w: w, name: "vistka-" + a.Clock.Now().Format(time.DateOnly) + ".csv"}
	rows, err := a.Subscribers.Export(ctx, out, filter)
	return a.exported(r, out, "export.end", object, map[string]any{"subscribers": rows}, err)
}

// passwordAgain asks for the password once more unless it was given lately.
// Words that are not empty refuse it: the form is shown again with them and
// the status.
func (a *admin) passwordAgain(w http.ResponseWriter, r *http.Request) (status int, words string, err error) {
	ctx := r.Context()
	if a.fresh(ctx) {
		return 0, "", nil
	}
	switch err := a.Accounts.Reauthenticate(ctx, me(r).ID, r.PostFormValue("password")); {
	case errors.Is(err, account.ErrRefused):
		if err := a.record(r, "export.refused", "", nil); err != nil {
			return 0, "", err
		}
		return http.StatusUnprocessableEntity, a.locale(r).T("admin.export.refused"), nil
	case errors.Is(err, account.ErrTooMany):
		retryLater(w)
		return http.StatusTooManyRequests, a.locale(r).T("admin.login.too_many"), nil
	case err != nil:
		return 0, "", err
	}
	a.refresh(ctx)
	return 0, "", nil
}

// exported notes what left, also when the reader went away, and ends the
// download: a file that ends early must not look whole.
func (a *admin) exported(r *http.Request, out *download, act, object string, detail map[string]any, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), notePatience)
	defer cancel()
	detail["whole"] = err == nil
	if err := a.record(r.WithContext(ctx), act, object, detail); err != nil {
		a.Log.ErrorContext(ctx, "end of an export is not in the trail", "error", err)
	}
	if err != nil && out.begun {
		a.Log.ErrorContext(ctx, "export cut", "error", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// notePatience bounds what is still written once the reader has gone.
const notePatience = 5 * time.Second

// exportPatience is how long one piece of the file may take to leave: the
// whole may take hours, a client that stands still may not hold a snapshot.
const exportPatience = time.Minute

// download sets the headers with the first octet, so that an error before it still gets a page.
type download struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

// Write passes p on and moves the connection's deadline.
func (d *download) Write(p []byte) (int, error) {
	if !d.begun {
		d.begun = true
		h := d.w.Header()
		h.Set("Content-Type", "text/csv; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
		h.Set("Cache-Control", "no-store")
	}
	// Not every writer has a deadline to move; those of the server do.
	_ = http.NewResponseController(d.w).SetWriteDeadline(time.Now().Add(exportPatience))
	return d.w.Write(p)
}
