package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/page"
)

type filtersBody struct {
	Feed       article.FeedRow
	Newsletter string
	Values     map[string]string // field to one a line
	Error      string            // of the languages, in words
}

// feedOf is a feed as the newsletter that the form names reads it.
func (a *admin) feedOf(r *http.Request) (b filtersBody, err error) {
	id, err := pathID(r)
	if err != nil {
		return b, err
	}
	newsletterID := queryID(r.FormValue("newsletter"))
	list, err := article.ListFeeds(r.Context(), a.DB, newsletterID)
	if err != nil {
		return b, err
	}
	for _, f := range list {
		if f.ID == id && f.NewsletterID == newsletterID {
			_, names, err := a.newsletterNames(r)
			return filtersBody{Feed: f, Newsletter: names[newsletterID]}, err
		}
	}
	return b, page.NotFound(article.ErrNotFound)
}

func (a *admin) filters(w http.ResponseWriter, r *http.Request) error {
	b, err := a.feedOf(r)
	if err != nil {
		return err
	}
	b.Values = map[string]string{}
	for field, list := range filterFields(&b.Feed.Filters) {
		b.Values[field] = strings.Join(*list, "\n")
	}
	return a.render(w, r, http.StatusOK, "filters", "admin.filters.title", b)
}

func (a *admin) saveFilters(w http.ResponseWriter, r *http.Request) error {
	b, err := a.feedOf(r)
	if err != nil {
		return err
	}
	var f article.Filters
	b.Values = map[string]string{}
	for field, list := range filterFields(&f) {
		b.Values[field] = r.PostFormValue(field)
		*list = strings.FieldsFunc(b.Values[field], func(c rune) bool { return c == '\n' || c == '\r' })
	}
	err = a.recorded(r, "feed.filter", fmt.Sprintf("feed %d", b.Feed.ID), map[string]any{"newsletter": b.Feed.NewsletterID}, func(tx pgx.Tx) error {
		return a.Articles.Within(tx).SetFilters(r.Context(), b.Feed.NewsletterID, b.Feed.ID, f)
	})
	var unknown article.LanguageError
	switch {
	case errors.As(err, &unknown):
		b.Error = a.locale(r).T("admin.filters.error_language", "code", string(unknown))
		return a.render(w, r, http.StatusUnprocessableEntity, "filters", "admin.filters.title", b)
	case errors.Is(err, article.ErrNotFound):
		return page.NotFound(err)
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.filters.saved", "/admin/feeds")
}

func filterFields(f *article.Filters) map[string]*[]string {
	return map[string]*[]string{"topics": &f.Topics, "without_topics": &f.WithoutTopics, "authors": &f.Authors, "languages": &f.Languages}
}
