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
	if v.Missed != "" {
		w.para(v.Missed, "", "")
		w.rule()
	}
	if len(v.Note) > 0 {
		w.line(strings.ToUpper(v.L.T("mail.correction.what")))
		for _, p := range v.Note {
			w.gap()
			w.para(p, "", "")
		}
		w.gap()
		w.para(v.L.T("mail.correction.below"), "", "")
		w.rule()
	}
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
	for _, g := range v.Groups {
		w.rule()
		w.heading(g.Heading)
		for _, a := range g.Articles {
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
