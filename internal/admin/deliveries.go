package admin

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/page"
	"vistka/internal/postgres"
)

type doubtRow struct {
	delivery.Doubt
	Ref string // names the message in the form
}

type doubtfulBody struct {
	Rows   []doubtRow
	Failed []delivery.FailedNotice
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
	b := doubtfulBody{}
	for _, d := range list {
		b.Rows = append(b.Rows, doubtRow{Doubt: d, Ref: ref(d.Key())})
	}
	if b.Failed, err = a.Deliveries.FailedNotices(r.Context(), failedShown); err != nil {
		return err
	}
	return a.render(w, r, http.StatusOK, "deliveries", "admin.doubt.title", b)
}

// ref writes a key as notice.month.edition.subscriber.
func ref(k delivery.Key) string {
	return strings.Join([]string{
		strconv.FormatInt(k.Notice, 10), k.Month.Format(time.DateOnly), strconv.FormatInt(k.Edition, 10), strconv.FormatInt(k.Subscriber, 10),
	}, ".")
}

func parseRef(s string) (k delivery.Key, err error) {
	parts := strings.Split(s, ".")
	if len(parts) != 4 {
		return k, errors.New("unreadable reference")
	}
	if k.Month, err = time.Parse(time.DateOnly, parts[1]); err != nil {
		return k, err
	}
	for i, id := range map[int]*int64{0: &k.Notice, 2: &k.Edition, 3: &k.Subscriber} {
		if *id, err = strconv.ParseInt(parts[i], 10, 64); err != nil {
			return k, err
		}
	}
	return k, nil
}

// retry is a person's decision about a message that is held in doubt.
func (a *admin) retry(w http.ResponseWriter, r *http.Request) error {
	k, err := parseRef(r.PostFormValue("ref"))
	if err != nil {
		return page.BadRequest(err)
	}
	name := r.PostFormValue("act")
	if name != "again" && name != "sent" {
		return page.BadRequest(errors.New("unknown act"))
	}
	err = a.Deliveries.Decide(r.Context(), k, name == "again")
	if errors.Is(err, delivery.ErrNotFound) {
		return a.say(w, r, false, "admin.doubt.said.gone", "/admin/deliveries")
	}
	if err != nil {
		return err
	}
	if err := a.record(r, "delivery."+name, "delivery "+ref(k), nil); err != nil {
		return err
	}
	return a.say(w, r, true, "admin.doubt.said."+name, "/admin/deliveries")
}

// retryFailed owes the failed again and has the newsletter's fan-out make the
// new deliveries.
func (a *admin) retryFailed(r *http.Request, editionID int64) error {
	ctx := r.Context()
	_, newsletterID, err := a.Deliveries.Retry(ctx, editionID)
	if err != nil {
		return err
	}
	return postgres.InTx(ctx, a.DB, func(tx pgx.Tx) error { return a.Editions.Released(ctx, tx, newsletterID) })
}
