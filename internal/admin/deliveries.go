package admin

import (
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/page"
)

type doubtfulBody struct {
	Rows      []delivery.Doubt
	Headlines map[int64]edition.Headline
	Failed    []delivery.FailedNotice
}

// Bounds of the page's two lists. Doubts are at most as many as connections a crash.
const (
	doubtsShown = 200
	failedShown = 50
)

func (a *admin) doubtful(w http.ResponseWriter, r *http.Request) error {
	list, err := a.Deliveries.InDoubt(r.Context(), doubtsShown)
	if err != nil {
		return err
	}
	b := doubtfulBody{Rows: list}
	ids := make([]int64, len(list))
	for i, d := range list {
		ids[i] = d.EditionID
	}
	if b.Headlines, err = a.Editions.Headlines(r.Context(), ids); err != nil {
		return err
	}
	if b.Failed, err = a.Deliveries.FailedNotices(r.Context(), failedShown); err != nil {
		return err
	}
	return a.render(w, r, http.StatusOK, "deliveries", "admin.doubt.title", b)
}

// retry is a person's decision about a message that is held in doubt.
func (a *admin) retry(w http.ResponseWriter, r *http.Request) error {
	k, err := delivery.ParseKey(r.PostFormValue("ref"))
	if err != nil {
		return page.BadRequest(err)
	}
	name := r.PostFormValue("act")
	if name != "again" && name != "sent" {
		return page.BadRequest(errors.New("unknown act"))
	}
	err = a.recorded(r, "delivery."+name, "delivery "+k.Ref(), nil, func(tx pgx.Tx) error {
		return a.Deliveries.Decide(r.Context(), tx, k, name == "again")
	})
	switch {
	case errors.Is(err, delivery.ErrNotFound):
		return a.say(w, r, false, "admin.doubt.said.gone", "/admin/deliveries")
	case errors.Is(err, delivery.ErrStopped):
		return a.say(w, r, false, "admin.doubt.said.stopped", "/admin/deliveries")
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.doubt.said."+name, "/admin/deliveries")
}
