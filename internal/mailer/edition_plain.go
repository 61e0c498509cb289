package mailer

import "strings"

// plain is the text part of an edition.
func (v editionView) plain() string {
	var w plainWriter
	if v.Test != "" {
		w.para(v.Test, "", "")
		w.rule()
	}
	w.masthead(v.frame, v.Kicker)
	w.para(v.Lead.Title, "", "")
	w.line(v.Lead.Byline)
	if v.Lead.Summary != "" {
		w.gap()
		w.para(v.Lead.Summary, "", "")
	}
	w.blocks(v.Lead.Blocks)
	if v.Lead.URL != "" {
		w.gap()
		w.line(v.Lead.Button + ":")
		w.line(v.Lead.URL)
	}
	if len(v.Articles) > 0 {
		w.rule()
		w.line(strings.ToUpper(v.Heading))
		for _, a := range v.Articles {
			w.item("– ", a)
		}
	}
	if v.MoreText != "" {
		w.gap()
		w.line(join(v.MoreText+" ", v.SiteURL))
		if v.SiteURL == "" {
			w.line(v.MoreText)
		}
	}
	w.footer(v.frame)
	return w.b.String()
}
