package admin

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/guard"
	"vistka/internal/page"
)

type sendingBody struct {
	guard.Sending
	Pending   delivery.Pending
	Headlines map[int64]edition.Headline
}

// Count is Mails for a plural form.
func (b sendingBody) Count() int { return int(b.Pending.Mails()) }

func (a *admin) sending(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	var b sendingBody
	var err error
	if b.Sending, err = guard.Read(ctx, a.DB); err != nil {
		return err
	}
	if b.Pending, err = a.Deliveries.Pending(ctx); err != nil {
		return err
	}
	ids := make([]int64, len(b.Pending.Editions))
	for i, e := range b.Pending.Editions {
		ids[i] = e.ID
	}
	if b.Headlines, err = a.Editions.Headlines(ctx, ids); err != nil {
		return err
	}
	return a.render(w, r, http.StatusOK, "sending", "admin.sending.title", b)
}

// actSending stops and starts all sending.
func (a *admin) actSending(w http.ResponseWriter, r *http.Request) error {
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if len(reason) > maxReason {
		return page.BadRequest(errors.New("reason too long"))
	}
	switch name := r.PostFormValue("act"); name {
	case "stop":
		return a.turn(w, r, name, func(ctx context.Context, tx pgx.Tx) error {
			return guard.Stop(ctx, tx, reason, me(r).ID, a.Clock.Now())
		})
	case "start":
		return a.turn(w, r, name, func(ctx context.Context, tx pgx.Tx) error {
			return guard.Start(ctx, tx, me(r).ID, a.Clock.Now())
		})
	}
	return page.BadRequest(errors.New("unknown act"))
}

// unlockSending says that this copy is the original.
func (a *admin) unlockSending(w http.ResponseWriter, r *http.Request) error {
	if r.PostFormValue("sure") == "" {
		return a.say(w, r, false, "admin.sending.said.not_sure", "/admin/sending")
	}
	return a.turn(w, r, "unlock", func(ctx context.Context, tx pgx.Tx) error {
		return guard.Unlock(ctx, tx, me(r).ID, a.Clock.Now())
	})
}

// turn acts on the switch.
func (a *admin) turn(w http.ResponseWriter, r *http.Request, name string, act func(ctx context.Context, tx pgx.Tx) error) error {
	ctx := r.Context()
	err := a.recorded(r, "sending."+name, "", nil, func(tx pgx.Tx) error { return act(ctx, tx) })
	if errors.Is(err, guard.ErrState) {
		return a.say(w, r, false, "admin.sending.said.state", "/admin/sending")
	}
	if err != nil {
		return err
	}
	return a.say(w, r, true, "admin.sending.said."+name, "/admin/sending")
}
