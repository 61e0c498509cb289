package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// heldNewsletter is a newsletter whose burst of articles waits for a person.
type heldNewsletter struct {
	ID   int64
	Name string
	N    int
}

// held counts the held articles of each newsletter, or of one.
func (a *admin) held(r *http.Request, list []newsletter.Newsletter, only int64) ([]heldNewsletter, error) {
	var out []heldNewsletter
	for _, n := range list {
		if n.ArchivedAt != nil || only != 0 && only != n.ID {
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

// decideAll settles a newsletter's held articles with one press.
func (a *admin) decideAll(w http.ResponseWriter, r *http.Request) error {
	id := queryID(r.PostFormValue("newsletter"))
	ctx, by, name := r.Context(), me(r).ID, r.PostFormValue("act")
	var n int
	var err error
	if name == "release" && r.PostFormValue("sure") == "" {
		return a.askHeld(w, r, id)
	}
	asksTheSite(w)
	object, detail := fmt.Sprintf("newsletter %d", id), map[string]any{}
	switch name {
	case "release":
		// Each article has a transaction of its own, who released it stands in its
		// history; the sum, also of what was released before an error, comes after.
		n, err = a.Articles.ReleaseHeld(ctx, id, by, "")
		if n > 0 || err == nil {
			detail["articles"] = n
			err = errors.Join(err, a.record(r, "articles.release", object, detail))
		}
	case "known":
		err = a.recorded(r, "articles.known", object, detail, func(tx pgx.Tx) (err error) {
			n, err = a.Articles.Within(tx).BaselineHeld(ctx, id, by, "")
			detail["articles"] = n
			return err
		})
	default:
		return page.BadRequest(errors.New("unknown act"))
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return a.say(w, r, false, "admin.articles.said.none", "/admin/articles?state=held")
	}
	return a.say(w, r, true, "admin.articles.said."+name, "/admin/articles")
}

// askBody is what mailing comes to, before it is done.
type askBody struct {
	Action   string // where the answer is posted
	Fields   map[string]string
	Back     string
	Title    string // of the one article; empty for many
	Name     string // of the newsletter
	Articles int
	Readers  int // active subscriptions
}

func (a *admin) askHeld(w http.ResponseWriter, r *http.Request, newsletterID int64) error {
	n, err := newsletter.Get(r.Context(), a.DB, newsletterID)
	if errors.Is(err, newsletter.ErrNotFound) {
		return page.NotFound(err)
	}
	if err != nil {
		return err
	}
	held, err := a.held(r, []newsletter.Newsletter{n}, 0)
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return a.say(w, r, false, "admin.articles.said.none", "/admin/articles?state=held")
	}
	return a.ask(w, r, n, askBody{
		Action: "/admin/articles", Back: "/admin/articles?state=held", Articles: held[0].N,
		Fields: map[string]string{"newsletter": strconv.FormatInt(n.ID, 10), "act": "release"},
	})
}

// askKnown asks before an article goes out that counted as known: it may be years old.
func (a *admin) askKnown(w http.ResponseWriter, r *http.Request, known article.Article, reason string) error {
	n, err := newsletter.Get(r.Context(), a.DB, known.NewsletterID)
	if err != nil {
		return err
	}
	at := "/admin/articles/" + strconv.FormatInt(known.ID, 10)
	return a.ask(w, r, n, askBody{
		Action: at, Back: at, Articles: 1, Title: known.Title,
		Fields: map[string]string{"act": "release", "reason": reason},
	})
}

// ask shows how many mails a press makes, with a button that makes them.
func (a *admin) ask(w http.ResponseWriter, r *http.Request, n newsletter.Newsletter, b askBody) error {
	totals, err := a.Subscribers.Totals(r.Context(), a.DB, n.ID)
	if err != nil {
		return err
	}
	b.Name, b.Readers = n.Name, int(totals.Active)
	return a.render(w, r, http.StatusOK, "ask", "admin.ask.title", b)
}
