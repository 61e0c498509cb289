package server

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// archiveBody is the Body of pages/archive.html.
type archiveBody struct {
	Name, Description string
	Articles          []archiveLine
	FeedURL, OlderURL string
	NewestURL         string // from an older page; empty on the first
	SubscribeURL      string // empty where nobody can any more
}

type archiveLine struct {
	Title, URL, Summary, When, Byline string
	At                                time.Time
	MailURL                           string // the edition that brought it; empty: there is none to show
	Lang                              string // only where it is not that of the page
	Corrected                         *correctedLine
}

// correctedLine says that an article was corrected, and leads to what was wrong
// once there is a mail that says it.
type correctedLine struct {
	Words, URL  string
	At          time.Time
	Title, Lang string // of the article, where there are several; empty: the only one, in the page's language
}

// editionBody is the Body of pages/edition.html.
type editionBody struct {
	mailer.Page
	ArchiveURL, SubscribeURL string
	Corrected                []correctedLine // since its mail was made
}

const (
	archiveShown = 30              // articles a page
	archiveKept  = 5 * time.Minute // by whoever keeps pages: a withdrawn article is gone after that
)

// errNoArchive is the answer where there is none, or its newsroom keeps it closed.
var errNoArchive = &page.Error{Status: http.StatusNotFound, Key: "no_archive"}

// archived is the newsletter of an archive that everybody may read.
func (s *server) archived(r *http.Request) (newsletter.Newsletter, error) {
	n, err := newsletter.BySlug(r.Context(), s.DB, chi.URLParam(r, "slug"))
	if errors.Is(err, newsletter.ErrNotFound) || err == nil && !n.PublicArchive {
		return n, errNoArchive
	}
	return n, err
}

func archivePath(slug string) string { return "/archive/" + slug }

func editionPath(slug string, id int64) string {
	return archivePath(slug) + "/" + strconv.FormatInt(id, 10)
}

// archivePage lists what was mailed, newest first.
func (s *server) archivePage(w http.ResponseWriter, r *http.Request) error {
	n, err := s.archived(r)
	if err != nil {
		return err
	}
	before, _ := strconv.ParseInt(r.FormValue("before"), 10, 64) // garbled: from the newest
	articles, next, err := s.Editions.Archive(r.Context(), n.ID, before, archiveShown)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, n.Language)
	b := archiveBody{Name: n.Name, Description: n.Description, FeedURL: archivePath(n.Slug) + "/feed.xml", SubscribeURL: subscribeURL(n, l)}
	for _, a := range articles {
		b.Articles = append(b.Articles, archiveLineOf(l, n, a))
	}
	if next > 0 {
		b.OlderURL = archivePath(n.Slug) + "?before=" + strconv.FormatInt(next, 10) + "&lang=" + l.Code()
	}
	if before > 0 {
		b.NewestURL = archivePath(n.Slug) + "?lang=" + l.Code()
	}
	share := &page.Share{
		Title: l.T("archive.title", "name", n.Name), Description: n.Description, Kind: "website", URL: s.BaseURL + archivePath(n.Slug), Image: n.LogoURL,
		FeedURL: s.BaseURL + b.FeedURL, FeedTitle: n.Name,
	}
	if before > 0 {
		share.URL += "?before=" + strconv.FormatInt(before, 10)
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/archive", page.View{
		L: l, Title: share.Title, Site: siteOf(n), Indexed: true, Languages: s.languages(r, l), Share: share, Body: b,
	})
}

func archiveLineOf(l *locale.Locale, n newsletter.Newsletter, a edition.Archived) archiveLine {
	at := a.ReleasedAt.In(zoneOf(n.Timezone))
	line := archiveLine{Title: a.Title, URL: a.URL, Summary: a.Summary, At: at, When: l.Date(at)}
	if a.Author != "" {
		line.Byline = l.T("mail.by", "author", a.Author)
	}
	if a.EditionID != 0 {
		line.MailURL = editionPath(n.Slug, a.EditionID)
	}
	if a.CorrectedAt != nil {
		corrected := correctedLineOf(l, n, *a.CorrectedAt, a.CorrectionID)
		line.Corrected = &corrected
	}
	if n.Language != l.Code() {
		line.Lang = n.Language
	}
	return line
}

// correctedLineOf says that an article was corrected at that time, in an edition.
func correctedLineOf(l *locale.Locale, n newsletter.Newsletter, at time.Time, editionID int64) correctedLine {
	at = at.In(zoneOf(n.Timezone))
	line := correctedLine{Words: l.T("archive.corrected", "when", l.Date(at)), At: at}
	if editionID != 0 {
		line.URL = editionPath(n.Slug, editionID)
	}
	return line
}

// correctedLines is what the page of an edition says of its articles' corrections:
// of two on one day, which would be the same words, also at what time.
func correctedLines(l *locale.Locale, n newsletter.Newsletter, articles int, corrected []edition.Corrected) []correctedLine {
	var out []correctedLine
	said := map[string]int{}
	for _, c := range corrected {
		line := correctedLineOf(l, n, c.At, c.EditionID)
		if articles > 1 {
			line.Title = c.Title
			if n.Language != l.Code() {
				line.Lang = n.Language
			}
		}
		out = append(out, line)
		said[line.Title+line.Words]++
	}
	for i, line := range out {
		if said[line.Title+line.Words] > 1 {
			out[i].Words = l.T("archive.corrected", "when", l.Moment(line.At))
		}
	}
	return out
}

// subscribeURL is the newsletter's sign-up page, empty where it takes no one.
func subscribeURL(n newsletter.Newsletter, l *locale.Locale) string {
	if n.ArchivedAt != nil {
		return ""
	}
	return "/n/" + url.PathEscape(n.Slug) + "?lang=" + l.Code()
}

// editionPage is a mail as everybody may read it: no link in it is a reader's.
// Search engines are asked to list the article on its own site, and not this copy.
func (s *server) editionPage(w http.ResponseWriter, r *http.Request) error {
	n, err := s.archived(r)
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(chi.URLParam(r, "edition"), 10, 64)
	if err != nil {
		return page.NotFound(err)
	}
	content, err := s.Editions.Public(r.Context(), n.ID, id)
	switch {
	case errors.Is(err, edition.ErrNotFound):
		return page.NotFound(err)
	case errors.Is(err, edition.ErrNothingToMail):
		return &page.Error{Status: http.StatusGone, Key: "withdrawn", Err: err}
	case err != nil:
		return err
	}
	corrected, err := s.Editions.CorrectedSince(r.Context(), id)
	if err != nil {
		return err
	}
	l := s.Pages.Locale(r, content.Locale)
	content.Locale = l.Code()
	p, err := s.Renderer.Page(content)
	if err != nil {
		return err
	}
	share := &page.Share{
		Title: p.Lead.Title, Description: p.Opening, Kind: "article", URL: s.BaseURL + editionPath(n.Slug, id),
		FeedURL: s.BaseURL + archivePath(n.Slug) + "/feed.xml", FeedTitle: n.Name,
	}
	if content.Kind == edition.Correction {
		share.Title = l.T("mail.correction.subject", "title", p.Lead.Title)
	}
	if p.Lead.Image != nil {
		share.Image, share.ImageAlt = p.Lead.Image.URL, p.Lead.Image.Alt
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/edition", page.View{
		L: l, Title: p.Title, Site: siteOf(n), Languages: s.languages(r, l), Share: share,
		Body: editionBody{Page: p, ArchiveURL: archivePath(n.Slug), SubscribeURL: subscribeURL(n, l), Corrected: correctedLines(l, n, len(content.Articles), corrected)},
	})
}
