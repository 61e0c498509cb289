package app

import (
	"context"
	"slices"
	"strconv"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/hotline"
	"vistka/internal/newsletter"
)

// tellDesk queues the mail that a hotline request came. It goes out under a
// newsletter's sender, one of the desk's language if there is one: the hotline
// has no sender of its own. Without a newsletter there is no mail, and the
// admin pages alone tell of it.
func (a *App) tellDesk(ctx context.Context, tx pgx.Tx, n hotline.Notice) error {
	list, err := newsletter.List(ctx, tx)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(l newsletter.Newsletter) bool { return l.ArchivedAt != nil })
	if len(list) == 0 {
		a.log.WarnContext(ctx, "the hotline's desk is not mailed: there is no newsletter to send from")
		return nil
	}
	from := max(0, slices.IndexFunc(list, func(l newsletter.Newsletter) bool { return l.Language == n.Locale }))
	_, err = a.Deliveries.Enqueue(ctx, tx, delivery.Notice{
		Kind: delivery.Desk, Locale: n.Locale, NewsletterID: list[from].ID, Address: n.Address, RequestID: n.RequestID,
		Content: delivery.Content{
			Kind: string(n.Kind), Reference: n.Reference, Busy: n.Busy, Sealed: n.Sealed, Unsealed: n.Unsealed,
			URL: a.Config.BaseURL + "/admin/hotline/" + strconv.FormatInt(n.RequestID, 10),
		},
	})
	return err
}
