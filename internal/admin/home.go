package admin

import (
	"net/http"
	"slices"
	"time"

	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
)

// trouble is one thing that is wrong: what, and where to mend it.
type trouble struct {
	Bad   bool // else a warning
	Title string
	Text  string
	Words string // of a relay as they are, of a feed or a person in the account's language
	URL   string
	Link  string
	Held  []heldNewsletter // settled here, with one press

	Failed []delivery.FailedNotice
}

type homeBody struct {
	Names       map[int64]string // of newsletters
	Troubles    []trouble
	Newsletters []homeNewsletter
	Active      int64 // people, each once
	Unconfirmed int64
	Meter       subscriber.Meter // of confirmation mails
	Backlog     delivery.Backlog
	Waiting     int64 // everything that is to go out
	Relays      []delivery.RelayState
	Feeds       []article.FeedRow
	Editions    []editionRow
	Paused      []editionRow
	Failed      []delivery.FailedNotice // the latest
	Held        []heldNewsletter
	HotlineKeys bool // what its mails should carry cannot be encrypted; told to whoever has the hotline right
	InboxURL    string
}

type homeNewsletter struct {
	newsletter.Newsletter
	subscriber.Totals
}

// Untried says that no relay has had any mail, so that nobody knows whether one takes it.
func (b homeBody) Untried() bool {
	return !slices.ContainsFunc(b.Relays, func(r delivery.RelayState) bool { return r.Tried })
}

const (
	// staleQueue is when mail that waits is a reason to look: a relay's greylisting takes minutes.
	staleQueue = time.Hour
	// homeEditions is how many of the last editions Home shows.
	homeEditions = 5
	// homeFailed is how many mails to one person it names that did not go through.
	homeFailed = 3
)

func (a *admin) home(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	b := homeBody{InboxURL: a.InboxURL}
	list, names, err := a.newsletterNames(r)
	if err != nil {
		return err
	}
	b.Names = names
	for _, n := range list {
		if n.ArchivedAt != nil {
			continue
		}
		row := homeNewsletter{Newsletter: n}
		if row.Totals, err = a.Subscribers.Totals(ctx, a.DB, n.ID); err != nil {
			return err
		}
		b.Unconfirmed += row.Pending
		b.Newsletters = append(b.Newsletters, row)
	}
	if b.Active, err = a.Subscribers.Readers(ctx, a.DB); err != nil {
		return err
	}
	if b.Meter, err = a.Subscribers.Meter(ctx, a.DB); err != nil {
		return err
	}
	if b.Backlog, err = a.Deliveries.Backlog(ctx); err != nil {
		return err
	}
	b.Waiting = b.Backlog.Notices + b.Backlog.Queued + b.Backlog.Deferred + b.Backlog.Doubtful
	if b.Relays, err = a.Deliveries.RelayStates(ctx); err != nil {
		return err
	}
	if b.Feeds, err = article.ListFeeds(ctx, a.DB, 0); err != nil {
		return err
	}
	b.Feeds = slices.DeleteFunc(b.Feeds, func(f article.FeedRow) bool {
		return !slices.ContainsFunc(b.Newsletters, func(n homeNewsletter) bool { return n.ID == f.NewsletterID }) // archived: not read any more
	})
	if b.Held, err = a.held(r, list, 0); err != nil {
		return err
	}
	editions, _, err := a.Editions.List(ctx, edition.Filter{Limit: homeEditions})
	if err != nil {
		return err
	}
	if b.Editions, err = a.editionRows(r, editions, names); err != nil {
		return err
	}
	if editions, _, err = a.Editions.List(ctx, edition.Filter{State: "paused"}); err != nil {
		return err
	}
	if b.Paused, err = a.editionRows(r, editions, names); err != nil {
		return err
	}
	if b.Backlog.Failed > 0 {
		if b.Failed, err = a.Deliveries.FailedNotices(ctx, homeFailed); err != nil {
			return err
		}
	}
	if me(r).Hotline {
		set, err := a.Hotline.Settings(ctx)
		if err != nil {
			return err
		}
		b.HotlineKeys = set.WrongKeys() != ""
	}
	b.Troubles = a.troubles(r, b)
	return a.render(w, r, http.StatusOK, "home", "admin.home.title", b)
}
