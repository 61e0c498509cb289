package mailer

import (
	"html/template"
	"strings"
)

// Page is what an edition's mail says, for a page that everybody may read:
// nothing in it belongs to one reader.
type Page struct {
	Title    string   // as the mail's subject
	Kicker   string   // kind and date
	Opening  string   // a sentence or two, for a preview elsewhere
	Note     []string // of a correction: what was wrong, by paragraphs
	Lead     PageArticle
	Articles []PageArticle
	More     string // how many the mail did not list; empty: none
}

// PageArticle is one article of a Page.
type PageArticle struct {
	Title, URL, Topic, Byline, Summary string
	Lang                               string // only where it is not that of the page
	Image                              *PageImage
	Passages                           []Passage
	Continues                          bool // the article goes on beyond Passages
}

// PageImage is a picture on the site.
type PageImage struct {
	URL, Alt      string
	Width, Height int  // CSS pixels
	Wide          bool // as wide as the mail: on a page, as its text
}

// Passage is a paragraph of an article: Kind is p, h, li or quote. HTML was
// written by this package from what passed its policy.
type Passage struct {
	Kind string
	HTML template.HTML
}

// mailOnly is what the excerpt says for mail programs alone; a page's policy
// has no style attributes.
var mailOnly = strings.NewReplacer(` style="color:inherit"`, "")

// Page makes an edition's page. Returns ErrNoArticles.
func (r *Renderer) Page(c EditionContent) (Page, error) {
	if len(c.Articles) == 0 {
		return Page{}, ErrNoArticles
	}
	f := r.frame(c.Newsletter, c.Locale)
	v := r.editionView(f, c, fits[0])
	p := Page{Title: editionSubject(f, c), Kicker: v.Kicker.String(), Opening: v.Preheader, More: v.MoreText, Note: v.Note, Lead: pageArticle(v.Lead)}
	for _, g := range v.Groups {
		for _, a := range g.Articles {
			p.Articles = append(p.Articles, pageArticle(a))
		}
	}
	p.Lead.Continues = v.Lead.Button == v.L.T("mail.continue")
	return p, nil
}

func pageArticle(a articleView) PageArticle {
	p := PageArticle{Title: a.Title, URL: a.URL, Topic: a.Topic, Byline: a.Byline, Summary: a.Summary, Lang: a.Lang}
	if a.Image != nil {
		p.Image = &PageImage{URL: a.Image.URL, Alt: a.Image.Alt, Width: a.Image.Width, Height: a.Image.Height, Wide: a.Image.Width == imageWidth}
	}
	for _, b := range a.Blocks {
		p.Passages = append(p.Passages, Passage{Kind: b.Kind, HTML: template.HTML(mailOnly.Replace(string(b.HTML)))}) //nolint:gosec // ours, less a style
	}
	return p
}
