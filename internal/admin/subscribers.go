package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/emailaddr"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
	"vistka/internal/suppression"
)

type subscribersBody struct {
	Newsletters  []newsletter.Newsletter
	NewsletterID int64
	Status       string
	Statuses     []string
	Search       string
	Rows         []subscriber.Row
	Names        map[string]string // of newsletters, by slug
	Next         string
	Filtered     bool
	Totals       subscriber.Totals
	Waiting      []subscriber.Waiting // not confirmed
}

// waitingShown is how many sign-ups a page holds.
const waitingShown = 50

func (a *admin) subscribers(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	b := subscribersBody{
		NewsletterID: queryID(q.Get("newsletter")), Status: q.Get("status"), Search: strings.TrimSpace(q.Get("q")), Names: map[string]string{},
		Statuses: []string{subscriber.StatusActive, subscriber.StatusPaused, subscriber.StatusEnded, subscriber.StatusPending},
	}
	b.Filtered = b.NewsletterID != 0 || b.Status != "" || b.Search != ""
	var err error
	if b.Newsletters, _, err = a.newsletterNames(r); err != nil {
		return err
	}
	f := subscriber.Filter{Status: b.Status, Query: b.Search, Cursor: q.Get("after")}
	for _, n := range b.Newsletters {
		b.Names[n.Slug] = n.Name
		if n.ID == b.NewsletterID {
			f.Newsletter = n.Slug
		}
	}
	if b.Totals, err = a.Subscribers.Totals(ctx, a.DB, b.NewsletterID); err != nil {
		return err
	}
	pending := b.Status == subscriber.StatusPending
	if pending || b.Status == "" && b.Search != "" && f.Cursor == "" {
		if b.Waiting, err = a.Subscribers.Waits(ctx, a.DB, f.Newsletter, b.Search, queryID(f.Cursor), waitingShown+1); err != nil {
			return err
		}
	}
	if more := len(b.Waiting) > waitingShown; more {
		b.Waiting = b.Waiting[:waitingShown]
		if pending {
			b.Next = nextPage(r, strconv.FormatInt(b.Waiting[waitingShown-1].ID, 10))
		}
	}
	if pending {
		return a.render(w, r, http.StatusOK, "subscribers", "admin.subscribers.title", b)
	}
	var next string
	b.Rows, next, err = a.Subscribers.Search(ctx, a.DB, f)
	if errors.Is(err, subscriber.ErrBadCursor) || errors.Is(err, subscriber.ErrBadStatus) {
		return page.BadRequest(err)
	}
	if err != nil {
		return err
	}
	b.Next = nextPage(r, next)
	return a.render(w, r, http.StatusOK, "subscribers", "admin.subscribers.title", b)
}

type subscriberBody struct {
	subscriber.Person
	Events     []consented // newest first
	Names      map[string]string
	Deliveries []delivery.Listed
	Headlines  map[int64]edition.Headline
	Liftable   bool // an editor may lift it
}

// consented is a consent event with its words.
type consented struct {
	At         time.Time
	Newsletter string // slug
	Kind       string
	subscriber.Proof
}

// liftable tells the reasons that a person gave, and a mailbox that refused and
// may take mail again, from a mailbox that is not there and from a spam report.
func liftable(reason string) bool {
	return slices.Contains([]suppression.Reason{suppression.ByHand, suppression.NotMe, suppression.Repeated}, suppression.Reason(reason))
}

// deliveriesShown bounds one person's page.
const deliveriesShown = 100

func (a *admin) subscriber(w http.ResponseWriter, r *http.Request) error {
	p, err := a.personAt(r)
	if err != nil {
		return err
	}
	b := subscriberBody{Person: p, Names: map[string]string{}, Liftable: liftable(p.Suppressed)}
	list, _, err := a.newsletterNames(r)
	if err != nil {
		return err
	}
	for _, n := range list {
		b.Names[n.Slug] = n.Name
	}
	l := a.locale(r)
	zone, err := a.zone(r)
	if err != nil {
		return err
	}
	for _, e := range p.Events {
		b.Events = append(b.Events, consented{e.At, e.Newsletter, e.Kind, e.Proof(l, zone)})
	}
	if b.Deliveries, err = delivery.OfSubscriber(r.Context(), a.DB, p.ID, deliveriesShown); err != nil {
		return err
	}
	ids := make([]int64, len(b.Deliveries))
	for i, d := range b.Deliveries {
		ids[i] = d.EditionID
	}
	if b.Headlines, err = a.Editions.Headlines(r.Context(), ids); err != nil {
		return err
	}
	return a.render(w, r, http.StatusOK, "subscriber", "admin.subscriber.title", b)
}

func (a *admin) personAt(r *http.Request) (subscriber.Person, error) {
	id, err := pathID(r)
	if err != nil {
		return subscriber.Person{}, err
	}
	p, err := a.Subscribers.Get(r.Context(), a.DB, id)
	if errors.Is(err, subscriber.ErrNoReader) {
		return p, page.NotFound(err)
	}
	return p, err
}

func (a *admin) actSubscriber(w http.ResponseWriter, r *http.Request) error {
	p, err := a.personAt(r)
	if err != nil {
		return err
	}
	ctx, name := r.Context(), r.PostFormValue("act")
	object, back := fmt.Sprintf("subscriber %d", p.ID), "/admin/subscribers/"+strconv.FormatInt(p.ID, 10)
	detail := map[string]any{}
	newsletterID := queryID(r.PostFormValue("newsletter"))
	switch name {
	case "end":
		detail["newsletter"] = newsletterID
	case "lift":
		detail["reason"] = p.Suppressed
	case "erase":
		if r.PostFormValue("sure") == "" {
			return a.say(w, r, false, "admin.subscriber.said.not_sure", back)
		}
		back = "/admin/subscribers"
	}
	err = a.recorded(r, "subscriber."+name, object, detail, func(tx pgx.Tx) error {
		switch name {
		case "end":
			_, err := a.Subscribers.End(ctx, tx, newsletterID, p.ID, subscriber.FromAdmin, subscriber.Evidence{})
			return err
		case "suppress", "lift":
			return a.suppress(ctx, tx, p, name == "suppress")
		case "erase":
			return a.erase(ctx, tx, p)
		}
		return page.BadRequest(errors.New("unknown act"))
	})
	if errors.Is(err, subscriber.ErrNoReader) {
		return page.NotFound(err)
	}
	if err != nil {
		return err
	}
	return a.say(w, r, true, "admin.subscriber.said."+name, back)
}

func (a *admin) erase(ctx context.Context, tx pgx.Tx, p subscriber.Person) error {
	addr, err := emailaddr.Parse(p.Address)
	if err != nil {
		return fmt.Errorf("erase subscriber %d: %w", p.ID, err)
	}
	_, err = a.Subscribers.Erase(ctx, tx, addr)
	return err
}

func (a *admin) suppress(ctx context.Context, tx pgx.Tx, p subscriber.Person, on bool) error {
	addr, err := emailaddr.Parse(p.Address)
	if err != nil {
		return fmt.Errorf("suppress subscriber %d: %w", p.ID, err)
	}
	hash := a.Subscribers.Hasher.Sum(addr.Key())
	if on {
		return suppression.Add(ctx, tx, hash, suppression.ByHand, "", a.Clock.Now())
	}
	_, err = suppression.Remove(ctx, tx, hash, suppression.ByHand, suppression.NotMe, suppression.Repeated)
	return err
}

// allowConfirmations lets an address be asked again that said "this wasn't me":
// whoever reads its mail has told an editor that it was.
func (a *admin) allowConfirmations(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	back := "/admin/subscribers?status=" + subscriber.StatusPending
	lifted := false
	err = a.recorded(r, "signup.lift", fmt.Sprintf("sign-up %d", id), nil, func(tx pgx.Tx) error {
		lifted, err = a.Subscribers.AllowConfirmations(r.Context(), tx, id)
		return err
	})
	switch {
	case errors.Is(err, subscriber.ErrNoReader):
		return page.NotFound(err)
	case err != nil:
		return err
	case !lifted:
		return a.say(w, r, false, "admin.waiting.said.nothing", back)
	}
	return a.say(w, r, true, "admin.waiting.said.lift", back)
}
