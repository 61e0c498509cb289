package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/feed"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

type feedsBody struct {
	Newsletters  []newsletter.Newsletter
	NewsletterID int64
	Names        map[int64]string
	Rows         []article.FeedRow
	URL          string
	Error        string // of the address, in words
	Check        *article.Check
	Offer        *article.Row // of a feed just added: the newest, to be mailed all the same
}

func (a *admin) feedsBody(r *http.Request) (b feedsBody, err error) {
	if b.Newsletters, b.Names, err = a.newsletterNames(r); err != nil {
		return b, err
	}
	b.Newsletters = slices.DeleteFunc(b.Newsletters, func(n newsletter.Newsletter) bool { return n.ArchivedAt != nil })
	b.Rows, err = article.ListFeeds(r.Context(), a.DB, 0)
	return b, err
}

func (a *admin) feeds(w http.ResponseWriter, r *http.Request) error {
	b, err := a.feedsBody(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	b.NewsletterID = queryID(q.Get("newsletter"))
	switch offer, err := article.NewestKnown(r.Context(), a.DB, b.NewsletterID, queryID(q.Get("added"))); {
	case err == nil:
		b.Offer = &offer
	case !errors.Is(err, article.ErrNotFound):
		return err
	}
	return a.render(w, r, http.StatusOK, "feeds", "admin.feeds.title", b)
}

// checkFeed reads a feed and shows what each entry would become; nothing is stored.
func (a *admin) checkFeed(w http.ResponseWriter, r *http.Request) error {
	b, err := a.feedsBody(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	b.URL, b.NewsletterID = strings.TrimSpace(q.Get("url")), queryID(q.Get("newsletter"))
	if b.URL == "" {
		b.Error = a.locale(r).T("admin.feed.error.empty")
		return a.render(w, r, http.StatusUnprocessableEntity, "feeds", "admin.feeds.title", b)
	}
	asksTheSite(w)
	check, err := a.Articles.CheckFeed(r.Context(), b.NewsletterID, b.URL)
	var wrong *feed.Error
	if errors.As(err, &wrong) {
		b.Error = a.locale(r).Say(wrong.Words)
		return a.render(w, r, http.StatusUnprocessableEntity, "feeds", "admin.feeds.title", b)
	}
	if err != nil {
		return err
	}
	b.Check = &check
	return a.render(w, r, http.StatusOK, "feeds", "admin.feeds.title", b)
}

func (a *admin) addFeed(w http.ResponseWriter, r *http.Request) error {
	url, id := strings.TrimSpace(r.PostFormValue("url")), queryID(r.PostFormValue("newsletter"))
	switch n, err := newsletter.Get(r.Context(), a.DB, id); {
	case errors.Is(err, newsletter.ErrNotFound):
		return page.BadRequest(err)
	case err != nil:
		return err
	case n.ArchivedAt != nil:
		return page.BadRequest(errors.New("an archived newsletter reads no feeds"))
	}
	asksTheSite(w)
	added, err := a.Articles.AddFeed(r.Context(), id, url)
	var wrong *feed.Error
	if errors.As(err, &wrong) || url == "" {
		b, err := a.feedsBody(r)
		if err != nil {
			return err
		}
		b.URL, b.NewsletterID, b.Error = url, id, a.locale(r).T("admin.feed.error.empty")
		if url != "" {
			b.Error = a.locale(r).Say(wrong.Words)
		}
		return a.render(w, r, http.StatusUnprocessableEntity, "feeds", "admin.feeds.title", b)
	}
	if err != nil {
		return err
	}
	if err := a.record(r, "feed.add", fmt.Sprintf("feed %d", added.FeedID), map[string]any{"newsletter": id}); err != nil {
		return err
	}
	return a.say(w, r, true, "admin.feed.said.added", fmt.Sprintf("/admin/feeds?newsletter=%d&added=%d", id, added.FeedID))
}

// sitePatience is how long a page of ours may wait for a site: an address is
// read, searched for a feed, and the feed read, each within its own bound.
const sitePatience = 3 * time.Minute

// asksTheSite gives an answer that waits for a site the time for it.
func asksTheSite(w http.ResponseWriter) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sitePatience))
}

func (a *admin) actFeed(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, name := r.Context(), r.PostFormValue("act")
	err = a.recorded(r, "feed."+name, fmt.Sprintf("feed %d", id), nil, func(tx pgx.Tx) error {
		articles := a.Articles.Within(tx)
		switch name {
		case "pause":
			return articles.PauseFeed(ctx, id)
		case "resume":
			return articles.ResumeFeed(ctx, id)
		case "remove":
			return articles.RemoveFeed(ctx, queryID(r.PostFormValue("newsletter")), id)
		}
		return page.BadRequest(errors.New("unknown act"))
	})
	switch {
	case errors.Is(err, article.ErrNotFound):
		return page.NotFound(err)
	case errors.Is(err, article.ErrState):
		return a.say(w, r, false, "admin.feed.said.state", "/admin/feeds")
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.feed.said."+name, "/admin/feeds")
}
