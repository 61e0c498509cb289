package demo

import (
	"encoding/xml"
	"fmt"
	"html"
	"net/http"
	"strings"
	"time"
)

// rss is RSS 2.0 as a common content management system writes it.
type rss struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Content string     `xml:"xmlns:content,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string       `xml:"title"`
	Link        string       `xml:"link"`
	GUID        rssGUID      `xml:"guid"`
	Date        string       `xml:"pubDate"`
	Category    string       `xml:"category"`
	Description string       `xml:"description"`
	Content     string       `xml:"content:encoded"`
	Enclosure   rssEnclosure `xml:"enclosure"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

type rssEnclosure struct {
	URL    string `xml:"url,attr"`
	Type   string `xml:"type,attr"`
	Length int    `xml:"length,attr"`
}

// newest is how many articles the feed shows.
const newest = 10

func (h *handler) feed(w http.ResponseWriter, r *http.Request) {
	v := h.view(r)
	doc := rss{Version: "2.0", Content: "http://purl.org/rss/1.0/modules/content/", Channel: rssChannel{
		Title: v.L.T("demo.name"), Link: h.URL + "/" + v.L.Code() + "/", Description: v.L.T("demo.motto"), Language: v.L.Code(),
	}}
	for _, a := range v.Articles[:min(newest, len(v.Articles))] {
		doc.Channel.Items = append(doc.Channel.Items, rssItem{
			Title: a.Title, Link: h.URL + a.Path(), Date: a.At.UTC().Format(time.RFC1123Z), Category: a.Topic,
			GUID:        rssGUID{Value: fmt.Sprintf("demo:%s:%s", a.Lang, a.Slug)},
			Description: a.Lead, Content: a.html(),
			Enclosure: rssEnclosure{URL: h.URL + "/image/" + a.Slug + ".png", Type: "image/png"},
		})
	}
	out, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		http.Error(w, "the feed could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	_, _ = w.Write(append([]byte(xml.Header), out...))
}

func (a Article) html() string {
	var b strings.Builder
	for _, p := range append([]string{a.Lead}, a.Paragraphs...) {
		b.WriteString("<p>" + html.EscapeString(p) + "</p>\n")
	}
	return b.String()
}
