package admin

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"vistka/internal/article"
	"vistka/internal/feed"
	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
)

// sourcesShown is how many places the page has; the rest won few.
const sourcesShown = 200

type sourcesBody struct {
	Newsletter newsletter.Newsletter
	Rows       []sourceRow
	Requested  int64 // of all places, also those not shown
	Confirmed  int64
	Spans      []sourceSpan
}

type sourceRow struct {
	subscriber.Source
	Article article.Named // zero: no article that we know
}

// Short is the place as a person reads it.
func (r sourceRow) Short() string {
	short := strings.TrimPrefix(r.Place, "https://")
	if words, err := url.PathUnescape(short); err == nil {
		return words
	}
	return short
}

// Percent is how many of a hundred sign-ups were confirmed, to the nearest.
func (r sourceRow) Percent() int64 { return (r.Confirmed*100 + r.Requested/2) / r.Requested }

// sourceSpan is a choice of how far back the page looks.
type sourceSpan struct {
	Key, URL string
	Current  bool
	since    time.Duration // 0: all there is
}

func sourceSpans() []sourceSpan {
	const day = 24 * time.Hour
	return []sourceSpan{{Key: "month", since: 30 * day}, {Key: "year", since: 365 * day}, {Key: "all"}}
}

// sources shows which articles and pages win a newsletter's subscribers.
func (a *admin) sources(w http.ResponseWriter, r *http.Request) error {
	n, err := a.newsletterAt(r)
	if err != nil {
		return err
	}
	b := sourcesBody{Newsletter: n, Spans: sourceSpans()}
	chosen := max(0, slices.IndexFunc(b.Spans, func(s sourceSpan) bool { return s.Key == r.FormValue("span") }))
	for i := range b.Spans {
		b.Spans[i].URL, b.Spans[i].Current = r.URL.Path+"?span="+b.Spans[i].Key, i == chosen
	}
	since := time.Unix(0, 0)
	if span := b.Spans[chosen].since; span > 0 {
		since = a.Clock.Now().Add(-span)
	}
	list, err := a.Subscribers.Sources(r.Context(), a.DB, n.ID, since)
	if err != nil {
		return err
	}
	var places []string
	for _, source := range list {
		b.Requested += source.Requested
		b.Confirmed += source.Confirmed
		places = append(places, source.Place)
	}
	if len(list) > sourcesShown {
		list, places = list[:sourcesShown], places[:sourcesShown]
	}
	named, err := article.ByAddress(r.Context(), a.DB, n.ID, places)
	if err != nil {
		return err
	}
	for _, source := range list {
		b.Rows = append(b.Rows, sourceRow{source, named[source.Place]})
	}
	return a.render(w, r, http.StatusOK, "sources", "admin.sources.title", b, "name", n.Name)
}

// won is how many subscribers each of these articles has won, by its id.
func (a *admin) won(r *http.Request, rows []article.Row) (map[int64]int64, error) {
	places := make([]subscriber.Place, len(rows))
	for i, row := range rows {
		places[i] = subscriber.Place{NewsletterID: row.NewsletterID, Address: feed.CanonicalURL(row.URL)}
	}
	byPlace, err := a.Subscribers.Won(r.Context(), a.DB, places)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]int64, len(rows))
	for i, row := range rows {
		out[row.ID] = byPlace[places[i]]
	}
	return out, nil
}
