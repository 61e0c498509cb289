package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// editionRow is an edition with its deliveries counted.
type editionRow struct {
	edition.Edition
	Newsletter string
	Headline   edition.Headline
	Counts     edition.Counts
}

func (a *admin) editionRows(r *http.Request, list []edition.Edition, names map[int64]string) ([]editionRow, error) {
	ids := make([]int64, len(list))
	for i, e := range list {
		ids[i] = e.ID
	}
	counts, err := a.Editions.Counts(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	headlines, err := a.Editions.Headlines(r.Context(), ids)
	if err != nil {
		return nil, err
	}
	out := make([]editionRow, len(list))
	for i, e := range list {
		out[i] = editionRow{Edition: e, Newsletter: names[e.NewsletterID], Headline: headlines[e.ID], Counts: counts[e.ID]}
	}
	return out, nil
}

// headline is what an edition carries, as one line of words.
func headline(l *locale.Locale, h edition.Headline) string {
	if h.More == 0 {
		return h.Title
	}
	return h.Title + " " + l.T("admin.edition.more", "n", l.Number(h.More))
}

type editionsBody struct {
	Newsletters  []newsletter.Newsletter
	NewsletterID int64
	Rows         []editionRow
	Next         string
	HeldInt      int // deliveries in doubt that wait for a person
}

func (a *admin) editions(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	b := editionsBody{NewsletterID: queryID(q.Get("newsletter"))}
	var err error
	var names map[int64]string
	if b.Newsletters, names, err = a.newsletterNames(r); err != nil {
		return err
	}
	list, before, err := a.Editions.List(ctx, edition.Filter{NewsletterID: b.NewsletterID, Before: queryID(q.Get("after"))})
	if err != nil {
		return err
	}
	if before != 0 {
		b.Next = nextPage(r, strconv.FormatInt(before, 10))
	}
	if b.Rows, err = a.editionRows(r, list, names); err != nil {
		return err
	}
	backlog, err := a.Deliveries.Backlog(ctx)
	if err != nil {
		return err
	}
	b.HeldInt = int(backlog.Held)
	return a.render(w, r, http.StatusOK, "editions", "admin.editions.title", b)
}

type editionBody struct {
	liveBody
	Newsletter string
	Headline   edition.Headline
	Articles   []article.Article
	Troubled   []delivery.Listed
	CanPause   bool
	CanResume  bool
	CanCancel  bool
	CanRetry   bool
}

// troubledShown is how many of the relay's words an edition's page holds.
const troubledShown = 100

func (a *admin) edition(w http.ResponseWriter, r *http.Request) error {
	live, err := a.live(r)
	if err != nil {
		return err
	}
	ctx, e := r.Context(), live.Edition
	_, names, err := a.newsletterNames(r)
	if err != nil {
		return err
	}
	headlines, err := a.Editions.Headlines(ctx, []int64{e.ID})
	if err != nil {
		return err
	}
	b := editionBody{liveBody: live, Newsletter: names[e.NewsletterID], Headline: headlines[e.ID]}
	for _, articleID := range e.ArticleIDs {
		got, err := article.Get(ctx, a.DB, articleID)
		if err != nil && !errors.Is(err, article.ErrNotFound) {
			return err
		}
		if err == nil {
			b.Articles = append(b.Articles, got)
		}
	}
	if b.Troubled, err = delivery.Troubled(ctx, a.DB, e.ID, troubledShown); err != nil {
		return err
	}
	b.CanPause = e.State == "open"
	b.CanResume = e.State == "paused"
	b.CanCancel = e.State == "open" || e.State == "paused"
	b.CanRetry = b.Counts["failed"] > 0 && e.DroppedAt == nil
	return a.render(w, r, http.StatusOK, "edition", "admin.edition.title", b, "title", headline(a.locale(r), b.Headline))
}

func (a *admin) actEdition(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	ctx, name := r.Context(), r.PostFormValue("act")
	said := name
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if len(reason) > maxReason {
		return page.BadRequest(errors.New("reason too long"))
	}
	why := locale.Message{Key: "reason.words", Name: reason}
	if reason == "" {
		why = locale.Message{Key: "edition.reason.by_hand", Name: me(r).Name}
	}
	err = a.recorded(r, "edition."+name, fmt.Sprintf("edition %d", id), nil, func(tx pgx.Tx) error {
		editions := a.Editions.Within(tx)
		switch name {
		case "pause":
			return editions.Pause(ctx, id, why)
		case "resume":
			now, err := editions.Resume(ctx, id)
			if now.State == "expired" {
				said = "expired"
				if now.Kind == edition.Correction {
					said = "expired_correction"
				}
			}
			return err
		case "cancel":
			_, err := editions.Cancel(ctx, id, a.Clock.Now().Add(edition.DefaultCancelWait), why)
			return err
		case "retry":
			_, err := editions.Retry(ctx, id)
			return err
		}
		return page.BadRequest(errors.New("unknown act"))
	})
	back := "/admin/editions/" + strconv.FormatInt(id, 10)
	switch {
	case errors.Is(err, edition.ErrNotFound):
		return page.NotFound(err)
	case errors.Is(err, edition.ErrState):
		return a.say(w, r, false, "admin.edition.said.state", back)
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.edition.said."+said, back)
}
