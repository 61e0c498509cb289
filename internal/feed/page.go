package feed

import (
	"context"
	"mime"
	"net/http"

	"vistka/internal/locale"
)

// PageStatus is whether an article's page can be read.
type PageStatus struct {
	Live   bool
	Gone   bool // 404 or 410
	Status int  // 0 when there was no answer
	Words  locale.Message

	Alternates []Alternate // where the page says that it stands in other languages
}

// CheckPage asks for an article's page with GET, because HEAD is often answered
// wrongly, and reads no more of it than its head. 404, 410, 5xx and no answer are not live; any
// other answer is: a firewall that refuses us (401, 403, 429) lets readers in.
func (f *Fetcher) CheckPage(ctx context.Context, url string) PageStatus {
	ctx, cancel := context.WithTimeout(ctx, FetchTimeout)
	defer cancel()
	resp, _, err := f.get(ctx, url, http.Header{"Accept": {acceptPage}})
	if err != nil {
		return PageStatus{Words: Words(err)}
	}
	defer func() { _ = resp.Body.Close() }()
	code := resp.StatusCode
	s := PageStatus{Status: code, Words: locale.Message{Key: "article.page.status", N: code}}
	switch {
	case code == http.StatusNotFound, code == http.StatusGone:
		s.Gone = true
	case code >= 500:
	default:
		s.Live = true
	}
	if media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); code == http.StatusOK && (media == "text/html" || media == "application/xhtml+xml") {
		s.Alternates = pageAlternates(resp.Body, resp.Request.URL.String())
	}
	return s
}
