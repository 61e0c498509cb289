package admin

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/edition"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

type articlesBody struct {
	Newsletters  []newsletter.Newsletter
	NewsletterID int64
	State        string
	Search       string
	States       []article.State
	Counts       map[article.State]int64
	Rows         []article.Row
	Next         string // address of the next page, or ""
	Filtered     bool
	Names        map[int64]string
	Held         []heldNewsletter // where they may be settled with one press
	Won          map[int64]int64  // subscribers by article
}

func articleStates() []article.State {
	return []article.State{
		article.Held, article.Waiting, article.Released, article.Never, article.Baseline, article.Dropped, article.Withdrawn,
	}
}

func (a *admin) articles(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	b := articlesBody{NewsletterID: queryID(q.Get("newsletter")), State: q.Get("state"), Search: strings.TrimSpace(q.Get("q")), States: articleStates()}
	b.Filtered = b.NewsletterID != 0 || b.State != "" || b.Search != ""
	var err error
	if b.Newsletters, b.Names, err = a.newsletterNames(r); err != nil {
		return err
	}
	if b.Counts, err = article.Counts(ctx, a.DB, b.NewsletterID); err != nil {
		return err
	}
	var next string
	b.Rows, next, err = article.List(ctx, a.DB, article.Filter{
		NewsletterID: b.NewsletterID, State: article.State(b.State), Search: b.Search, Cursor: q.Get("after"),
	})
	if errors.Is(err, article.ErrCursor) {
		return page.BadRequest(err)
	}
	if err != nil {
		return err
	}
	if b.Won, err = a.won(r, b.Rows); err != nil {
		return err
	}
	b.Next = nextPage(r, next)
	if b.State == string(article.Held) {
		if b.Held, err = a.held(r, b.Newsletters, b.NewsletterID); err != nil {
			return err
		}
	}
	return a.render(w, r, http.StatusOK, "articles", "admin.articles.title", b)
}

// nextPage is this page's address with another cursor.
func nextPage(r *http.Request, cursor string) string {
	if cursor == "" {
		return ""
	}
	q := url.Values{}
	for k, v := range r.URL.Query() {
		q[k] = v
	}
	q.Set("after", cursor)
	return r.URL.Path + "?" + q.Encode()
}

func (a *admin) newsletterNames(r *http.Request) ([]newsletter.Newsletter, map[int64]string, error) {
	list, err := newsletter.List(r.Context(), a.DB)
	names := make(map[int64]string, len(list))
	for _, n := range list {
		names[n.ID] = n.Name
	}
	return list, names, err
}

type articleBody struct {
	article.Article
	Newsletter   string
	Names        map[int64]string // of newsletters
	Translations []article.Row
	Pairable     []article.Row // what it may be a translation of
	Won          int64         // subscribers who signed up under it
	Corrections  edition.Corrections
	accounts     map[int64]string
	CanHold      bool
	CanRelease   bool
	CanNever     bool
	CanWithdraw  bool
	Note, Error  string // of a correction that was not mailed: as typed, and why
}

// By is who decided; "" when Vistka did, or the command line.
func (b articleBody) By(e article.Event) string {
	if e.AccountID == nil {
		return ""
	}
	return b.accounts[*e.AccountID]
}

func (a *admin) article(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	return a.showArticle(w, r, http.StatusOK, id, "", "")
}

// showArticle shows an article; note and wrong are what was typed as a
// correction and why it was not mailed.
func (a *admin) showArticle(w http.ResponseWriter, r *http.Request, status int, id int64, note, wrong string) error {
	ctx := r.Context()
	got, err := article.Get(ctx, a.DB, id)
	if errors.Is(err, article.ErrNotFound) {
		return page.NotFound(err)
	}
	if err != nil {
		return err
	}
	b := articleBody{Article: got, accounts: map[int64]string{}, Note: note, Error: wrong}
	n, err := newsletter.Get(ctx, a.DB, got.NewsletterID)
	if err != nil {
		return err
	}
	b.Newsletter = n.Name
	won, err := a.won(r, []article.Row{got.Row})
	if err != nil {
		return err
	}
	b.Won = won[id]
	if err := a.related(r, &b); err != nil {
		return err
	}
	list, err := a.Accounts.List(ctx)
	if err != nil {
		return err
	}
	for _, acc := range list {
		b.accounts[acc.ID] = acc.Name
	}
	b.CanWithdraw = got.State == article.Released
	b.CanHold = got.State == article.Waiting
	b.CanRelease = n.ArchivedAt == nil && got.State != article.Released && (got.State != article.Withdrawn || a.Articles.OnRestore != nil)
	b.CanNever = got.State == article.Baseline || got.State == article.Waiting || got.State == article.Held || got.State == article.Dropped
	return a.render(w, r, status, "article", "admin.article.title", b, "title", got.Title)
}

// maxReason bounds an editor's words; in octets.
const maxReason = 1000

func (a *admin) decideArticle(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	reason := strings.TrimSpace(r.PostFormValue("reason"))
	if len(reason) > maxReason {
		return page.BadRequest(errors.New("reason too long"))
	}
	ctx, by := r.Context(), me(r).ID
	name := r.PostFormValue("act")
	if act, ok := a.moreActs(r, id, reason)[name]; ok {
		return a.actArticle(w, r, id, name, act)
	}
	acts := map[string]func(s *article.Service) error{}
	acts["hold"] = func(s *article.Service) error { return s.Hold(ctx, id, by, reason) }
	acts["release"] = func(s *article.Service) error { return s.Release(ctx, id, by, reason) }
	acts["withdraw"] = func(s *article.Service) error { return s.Withdraw(ctx, id, by, reason) }
	acts["never"] = func(s *article.Service) error { return s.Never(ctx, id, by, reason) }
	act, ok := acts[name]
	if !ok {
		return page.BadRequest(errors.New("unknown act"))
	}
	back := "/admin/articles/" + strconv.FormatInt(id, 10)
	if name == "release" && r.PostFormValue("sure") == "" {
		switch known, err := article.Get(ctx, a.DB, id); {
		case errors.Is(err, article.ErrNotFound):
			return page.NotFound(err)
		case err != nil:
			return err
		case known.State == article.Baseline:
			return a.askKnown(w, r, known, reason)
		}
	}
	if name == "release" {
		asksTheSite(w)
		err = a.Articles.CheckRelease(ctx, id)
	}
	if err == nil {
		err = a.recorded(r, "article."+name, fmt.Sprintf("article %d", id), nil, func(tx pgx.Tx) error { return act(a.Articles.Within(tx)) })
	}
	switch {
	case errors.Is(err, article.ErrNotFound):
		return page.NotFound(err)
	case errors.Is(err, article.ErrState):
		return a.say(w, r, false, "admin.article.said.state", back)
	case errors.Is(err, article.ErrNotLive):
		return a.say(w, r, false, "admin.article.said.not_live", back)
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.article.said."+name, back)
}
