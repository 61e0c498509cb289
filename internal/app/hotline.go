package app

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/hotline"
	"vistka/internal/newsletter"
)

// tellDesk queues the mail that a hotline request came. Without a newsletter
// there is no mail, and the admin pages alone tell of it.
func (a *App) tellDesk(ctx context.Context, tx pgx.Tx, n hotline.Notice) error {
	from, ok, err := deskSender(ctx, tx, n.Locale)
	if err != nil {
		return err
	}
	if !ok {
		a.log.WarnContext(ctx, "the hotline's desk is not mailed: there is no newsletter to send from")
		return nil
	}
	_, err = a.Deliveries.Enqueue(ctx, tx, delivery.Notice{
		Kind: delivery.Desk, Locale: n.Locale, NewsletterID: from.ID, Address: n.Address, RequestID: n.RequestID,
		Content: delivery.Content{
			Kind: string(n.Kind), Reference: n.Reference, Busy: n.Busy, Sealed: n.Sealed, Unsealed: n.Unsealed,
			URL: a.Config.BaseURL + "/admin/hotline/" + strconv.FormatInt(n.RequestID, 10),
		},
	})
	return err
}

// deskZone is whose clock a mail to the desk goes by, so that what is encrypted
// in it tells the same time.
func (a *App) deskZone(ctx context.Context, tx pgx.Tx, code string) (*time.Location, error) {
	from, ok, err := deskSender(ctx, tx, code)
	if err != nil || !ok {
		return time.UTC, err
	}
	zone, err := time.LoadLocation(from.Timezone)
	if err != nil {
		return time.UTC, nil // a zone Postgres knows and this build of Go does not
	}
	return zone, nil
}

// deskSender is the newsletter that mails to the desk are sent from, one of the
// desk's language if there is one: the hotline has no sender of its own.
func deskSender(ctx context.Context, tx pgx.Tx, code string) (n newsletter.Newsletter, ok bool, err error) {
	list, err := newsletter.List(ctx, tx)
	list = slices.DeleteFunc(list, func(l newsletter.Newsletter) bool { return l.ArchivedAt != nil })
	if err != nil || len(list) == 0 {
		return n, false, err
	}
	return list[max(0, slices.IndexFunc(list, func(l newsletter.Newsletter) bool { return l.Language == code }))], true, nil
}
