package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/locale"
	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/postgres"
	"vistka/internal/token"
)

// holdBody is the Body of pages/hold.html.
type holdBody struct {
	Name, Title, When string // when it goes out, or went
	State             string // waiting, held, released; else "" for what was decided otherwise
	Action, Shown     string
	Admin             string // the article's page behind the log-in
	Again             bool
	Told              bool // of the press that led here
}

// holding is who may hold which article by a link.
type holding struct {
	article article.Article
	account account.Account
}

// holdPage shows an editor what goes out soon, and one button. It changes
// nothing: scanners open every link of a mail.
func (s *server) holdPage(w http.ResponseWriter, r *http.Request) error {
	h, err := s.holding(r)
	if err != nil {
		return err
	}
	return s.renderHold(w, r, h, false)
}

// hold keeps the article back in that editor's name. Whatever was decided
// meanwhile stays, and the page says so.
func (s *server) hold(w http.ResponseWriter, r *http.Request) error {
	h, err := s.holding(r)
	if err != nil {
		return err
	}
	if !s.byHand(r) {
		return s.renderHold(w, r, h, true)
	}
	ctx := r.Context()
	err = postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := s.Articles.Within(tx).Hold(ctx, h.article.ID, h.account.ID, ""); err != nil {
			return err
		}
		return account.Record(ctx, tx, account.Event{
			At: s.Clock.Now(), AccountID: h.account.ID, Act: "article.hold", Object: fmt.Sprintf("article %d", h.article.ID), Detail: map[string]any{"by": "link"},
		})
	})
	if err != nil && !errors.Is(err, article.ErrState) {
		return missing(err, article.ErrNotFound)
	}
	return s.sayDone(w, r)
}

// holding is what a link stands for: gone for an account that may no longer
// decide, or an article that is no longer there.
func (s *server) holding(r *http.Request) (holding, error) {
	payload, err := s.Keys.Verify(token.Hold, chi.URLParam(r, "token"))
	if err != nil {
		return holding{}, page.NotFound(err)
	}
	accountID, articleID, err := token.SplitPair(payload)
	if err != nil {
		return holding{}, page.NotFound(err)
	}
	gone := &page.Error{Status: http.StatusGone, Key: "gone"}
	h := holding{}
	if h.account, err = s.Accounts.Get(r.Context(), int64(accountID)); err != nil && !errors.Is(err, account.ErrNotFound) {
		return h, err
	}
	if err != nil || h.account.DisabledAt != nil || !h.account.Role.Allows(account.Editor) {
		return h, gone
	}
	h.article, err = article.Get(r.Context(), s.DB, int64(articleID))
	if errors.Is(err, article.ErrNotFound) {
		return h, gone
	}
	return h, err
}

func (s *server) renderHold(w http.ResponseWriter, r *http.Request, h holding, again bool) error {
	n, err := newsletter.Get(r.Context(), s.DB, h.article.NewsletterID)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, h.account.Locale)
	b := holdBody{
		Name: n.Name, Title: h.article.Title, Action: r.URL.Path, Shown: s.formToken(tokenForm), Again: again, Told: s.said(r) == saidDone,
		Admin: fmt.Sprintf("/admin/articles/%d", h.article.ID),
	}
	switch a := h.article; {
	case a.State == article.Waiting && a.DueAt != nil:
		b.State, b.When = string(a.State), localMoment(l, *a.DueAt, n.Timezone)
	case a.State == article.Released && a.ReleasedAt != nil:
		b.State, b.When = string(a.State), localMoment(l, *a.ReleasedAt, n.Timezone)
	case a.State == article.Held:
		b.State = string(a.State)
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/hold", page.View{
		L: l, Title: l.T("hold.page"), Site: siteOf(n), Languages: s.languages(r, l), Body: b,
	})
}

// localMoment is a time by the clock of the newsletter's own zone.
func localMoment(l *locale.Locale, t time.Time, zone string) string {
	return l.Moment(t.In(zoneOf(zone)))
}
