package server

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"vistka/internal/edition"
	"vistka/internal/newsletter"
)

// atomFeed is a newsletter's archive for feed readers (RFC 4287).
type atomFeed struct {
	XMLName  xml.Name   `xml:"http://www.w3.org/2005/Atom feed"`
	Language string     `xml:"xml:lang,attr"`
	ID       string     `xml:"id"`
	Title    string     `xml:"title"`
	Subtitle string     `xml:"subtitle,omitempty"`
	Updated  string     `xml:"updated"`
	Links    []atomLink `xml:"link"`
	Author   atomPerson `xml:"author"`
	Entries  []atomItem `xml:"entry"`
}

type atomLink struct {
	Rel   string `xml:"rel,attr"`
	Type  string `xml:"type,attr,omitempty"`
	Href  string `xml:"href,attr"`
	Title string `xml:"title,attr,omitempty"`
}

type atomPerson struct {
	Name string `xml:"name"`
}

type atomItem struct {
	ID         string         `xml:"id"`
	Title      string         `xml:"title"`
	Links      []atomLink     `xml:"link"`
	Published  string         `xml:"published"`
	Updated    string         `xml:"updated"`
	Author     *atomPerson    `xml:"author"`
	Categories []atomCategory `xml:"category"`
	Summary    string         `xml:"summary,omitempty"`
}

type atomCategory struct {
	Term string `xml:"term,attr"`
}

// archiveFeed is the archive's newest articles.
func (s *server) archiveFeed(w http.ResponseWriter, r *http.Request) error {
	n, err := s.archived(r)
	if err != nil {
		return err
	}
	articles, _, err := s.Editions.Archive(r.Context(), n.ID, 0, archiveShown)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(&out)
	enc.Indent("", " ")
	if err := enc.Encode(s.atomOf(n, articles)); err != nil {
		return fmt.Errorf("archive feed of newsletter %d: %w", n.ID, err)
	}
	w.Header().Set("Content-Type", "application/atom+xml; charset=utf-8")
	_, _ = out.WriteTo(w) // a reader who went away is no error of ours
	return nil
}

func (s *server) atomOf(n newsletter.Newsletter, articles []edition.Archived) atomFeed {
	page := s.BaseURL + archivePath(n.Slug)
	l := s.Pages.Catalog().For(n.Language)
	f := atomFeed{
		Language: n.Language, ID: s.atomID(n, n.CreatedAt, ""), Title: xmlText(n.Name), Subtitle: xmlText(n.Description), Updated: atomTime(n.CreatedAt),
		Links:  []atomLink{{Rel: "self", Type: "application/atom+xml", Href: page + "/feed.xml"}, {Rel: "alternate", Type: "text/html", Href: page}},
		Author: atomPerson{xmlText(n.FromName)},
	}
	latest := n.CreatedAt
	for _, a := range articles {
		updated := a.LastChange()
		if updated.After(latest) {
			latest = updated
		}
		e := atomItem{
			ID: s.atomID(n, a.ReleasedAt, fmt.Sprintf("/%d", a.ID)), Title: xmlText(a.Title), Links: []atomLink{{Rel: "alternate", Type: "text/html", Href: xmlText(a.URL)}},
			Published: atomTime(a.ReleasedAt), Updated: atomTime(updated), Summary: xmlText(a.Summary),
		}
		if a.CorrectedAt != nil { // a feed reader shows the entry anew: it must say why
			c := correctedLineOf(l, n, *a.CorrectedAt, a.CorrectionID)
			e.Summary = strings.TrimSpace(strings.TrimSuffix(c.Words, ".") + ". " + e.Summary)
			if c.URL != "" {
				e.Links = append(e.Links, atomLink{Rel: "related", Type: "text/html", Href: s.BaseURL + c.URL, Title: c.Words})
			}
		}
		if a.Author != "" {
			e.Author = &atomPerson{xmlText(a.Author)}
		}
		for _, t := range a.Topics {
			e.Categories = append(e.Categories, atomCategory{xmlText(t)})
		}
		f.Entries = append(f.Entries, e)
	}
	f.Updated = atomTime(latest)
	return f
}

// atomID is a tag URI (RFC 4151): the same for ever, whatever the title.
func (s *server) atomID(n newsletter.Newsletter, at time.Time, rest string) string {
	host := "vistka"
	if u, err := url.Parse(s.BaseURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return "tag:" + host + "," + at.UTC().Format(time.DateOnly) + ":" + n.Slug + rest
}

func atomTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// xmlText leaves out what XML has no place for.
func xmlText(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || r == '\uFFFE' || r == '\uFFFF' {
			return -1
		}
		return r
	}, s)
}
