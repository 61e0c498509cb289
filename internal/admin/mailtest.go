package admin

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// lastTest is what became of the last test of a newsletter that this person
// asked for while logged in.
type lastTest struct {
	delivery.NoticeState
	NewsletterID int64
	Address      string
	HoldUps      []delivery.HoldUp // while it waits: why
	NoRelay      bool
	InboxURL     string
}

// testKey is where a session holds the id of the last test's notice.
func testKey(newsletterID int64) string { return fmt.Sprintf("test of newsletter %d", newsletterID) }

// lastTest returns nil if no test was asked for.
func (a *admin) lastTest(r *http.Request, newsletterID int64) (*lastTest, error) {
	id := a.sessions.GetInt64(r.Context(), testKey(newsletterID))
	if id == 0 {
		return nil, nil
	}
	state, err := a.Deliveries.NoticeState(r.Context(), id)
	if errors.Is(err, delivery.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t := &lastTest{NoticeState: state, NewsletterID: newsletterID, Address: me(r).Address, NoRelay: a.NoRelay, InboxURL: a.InboxURL}
	if t.Moving() {
		t.HoldUps, err = a.Deliveries.Stoppages(r.Context())
	}
	return t, err
}

// testOutcome is the part of a page that a script asks for again.
func (a *admin) testOutcome(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	t, err := a.lastTest(r, id)
	if err != nil {
		return err
	}
	if t == nil {
		return page.NotFound(nil)
	}
	return a.fragment(w, r, "mailtest", t)
}

// testArticle is what a test shows: the newest article that readers get, else
// the newest there is, mailed or not.
func (a *admin) testArticle(r *http.Request, newsletterID int64) ([]article.Row, error) {
	rows, _, err := article.List(r.Context(), a.DB, article.Filter{NewsletterID: newsletterID, State: article.Released, Limit: 1})
	if err != nil || len(rows) > 0 {
		return rows, err
	}
	rows, _, err = article.List(r.Context(), a.DB, article.Filter{NewsletterID: newsletterID, Limit: 1})
	return rows, err
}

// mailTest mails the newest article, as an edition would carry it, to the
// person who asks; without an article it says that the relay works. The page it
// was asked on says what became of it.
func (a *admin) mailTest(w http.ResponseWriter, r *http.Request) error {
	n, err := a.newsletterAt(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	rows, err := a.testArticle(r, n.ID)
	if err != nil {
		return err
	}
	acc := me(r)
	notice := delivery.Notice{Kind: delivery.Test, Locale: a.locale(r).Code(), NewsletterID: n.ID, Address: acc.Address}
	notice.Content.Kind = newsletter.Instant
	for _, row := range rows {
		notice.Content.Articles = append(notice.Content.Articles, row.ID)
	}
	var id int64
	err = a.recorded(r, "newsletter.test", fmt.Sprintf("newsletter %d", n.ID), nil, func(tx pgx.Tx) (err error) {
		id, err = a.Deliveries.Enqueue(ctx, tx, notice)
		return err
	})
	if err != nil {
		return err
	}
	a.sessions.Put(ctx, testKey(n.ID), id)
	back := "/admin/newsletters"
	if r.PostFormValue("from") == "newsletter" {
		back += fmt.Sprintf("/%d", n.ID)
	}
	http.Redirect(w, r, fmt.Sprintf("%s#test-%d", back, n.ID), http.StatusSeeOther)
	return nil
}
