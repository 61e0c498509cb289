package admin

import (
	"errors"
	"net/http"
	"time"

	"vistka/internal/hotline"
	"vistka/internal/page"
)

type hotlineExportBody struct {
	State  hotline.State
	States []hotline.State
	BOM    bool
	Ask    bool   // the password is asked for again
	Error  string // of the password, in words
}

func (a *admin) hotlineExportPage(w http.ResponseWriter, r *http.Request) error {
	return a.showHotlineExport(w, r, http.StatusOK, hotlineExportBody{State: hotline.State(r.URL.Query().Get("state"))})
}

func (a *admin) showHotlineExport(w http.ResponseWriter, r *http.Request, status int, b hotlineExportBody) error {
	b.States, b.Ask = hotline.States(), !a.fresh(r.Context())
	return a.render(w, r, status, "hotline_export", "admin.hotline.export.title", b)
}

// exportHotline carries requests out of the house, under the conditions of the
// export of subscribers.
func (a *admin) exportHotline(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b := hotlineExportBody{State: hotline.State(r.PostFormValue("state")), BOM: r.PostFormValue("bom") != ""}
	if b.State != "" && !knownState(b.State) {
		return page.BadRequest(errors.New("unknown state"))
	}
	status, words, err := a.passwordAgain(w, r)
	if err != nil {
		return err
	}
	if b.Error = words; words != "" {
		return a.showHotlineExport(w, r, status, b)
	}
	const object = "hotline requests"
	if err := a.record(r, "hotline.export", object, map[string]any{"state": b.State}); err != nil {
		return err
	}
	out := &download{w: w, name: "vistka-hotline-" + a.Clock.Now().Format(time.DateOnly) + ".csv"}
	rows, err := a.Hotline.Export(ctx, out, hotline.ExportFilter{State: b.State, BOM: b.BOM})
	return a.exported(r, out, "hotline.export.end", object, map[string]any{"requests": rows}, err)
}
