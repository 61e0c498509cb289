package admin

import (
	"errors"
	"fmt"
	"net/http"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/page"
)

// heldNewsletter is a newsletter whose burst of articles waits for a person.
type heldNewsletter struct {
	ID   int64
	Name string
	N    int
}

// held counts the held articles of each newsletter that is shown.
func (a *admin) held(r *http.Request, b articlesBody) ([]heldNewsletter, error) {
	var out []heldNewsletter
	for _, n := range b.Newsletters {
		if b.NewsletterID != 0 && b.NewsletterID != n.ID {
			continue
		}
		counts, err := article.Counts(r.Context(), a.DB, n.ID)
		if err != nil {
			return nil, err
		}
		if counts[article.Held] > 0 {
			out = append(out, heldNewsletter{ID: n.ID, Name: n.Name, N: int(counts[article.Held])})
		}
	}
	return out, nil
}

// decideAll settles a newsletter's held articles with one press, or mails the
// newest of a feed that was just added.
func (a *admin) decideAll(w http.ResponseWriter, r *http.Request) error {
	id := queryID(r.PostFormValue("newsletter"))
	ctx, by, name := r.Context(), me(r).ID, r.PostFormValue("act")
	var n int
	var err error
	asksTheSite(w)
	switch name {
	case "release":
		n, err = a.Articles.ReleaseHeld(ctx, id, by, "")
	case "known":
		n, err = a.Articles.BaselineHeld(ctx, id, by, "")
	case "newest":
		_, err = a.Articles.MailNewest(ctx, id, by, "")
		n = 1
	default:
		return page.BadRequest(errors.New("unknown act"))
	}
	switch {
	case errors.Is(err, article.ErrNotFound), errors.Is(err, article.ErrState):
		return a.say(w, r, false, "admin.articles.said.none", "/admin/articles")
	case errors.Is(err, article.ErrNotLive):
		return a.say(w, r, false, "admin.article.said.not_live", "/admin/articles")
	case err != nil:
		return err
	}
	event := account.Event{
		At: a.Clock.Now(), AccountID: by, Act: "articles." + name, Object: fmt.Sprintf("newsletter %d", id), Detail: map[string]any{"articles": n},
	}
	if err := account.Record(ctx, a.DB, event); err != nil {
		return err
	}
	if n == 0 {
		return a.say(w, r, false, "admin.articles.said.none", "/admin/articles?state=held")
	}
	return a.say(w, r, true, "admin.articles.said."+name, "/admin/articles")
}
