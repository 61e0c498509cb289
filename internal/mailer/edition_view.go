package mailer

import (
	"strings"
	"time"
	"unicode/utf8"
)

// editionView is what the templates of an edition see.
type editionView struct {
	frame
	Kicker   string
	Test     string // a line above everything: this is a test
	Lead     articleView
	Articles []articleView
	MoreText string
	Heading  string // above the list
}

func (r *Renderer) editionView(f frame, c EditionContent, lim limits) editionView {
	shown := c.Articles[:min(len(c.Articles), lim.items)]
	more := c.More + len(c.Articles) - len(shown)
	kind := knownKind(c.Kind)
	if kind == Instant && len(c.Articles)+c.More > 1 {
		kind = "instant-several" // a reader who was away catches up
	}
	v := editionView{frame: f, Kicker: f.L.T("mail.kind."+kind) + " · " + f.L.Date(c.Date)}
	alone := len(c.Articles) == 1 && more == 0
	lead := shown[0]
	if alone && f.L.Date(lead.PublishedAt) == f.L.Date(c.Date) {
		lead.PublishedAt = time.Time{} // the line above says it
	}
	v.Lead = r.article(f, lead, lim)
	v.Lead.Image = newImage(f.L, shown[0])
	v.Lead.Button = f.L.T("mail.read")
	for _, a := range shown[1:] {
		v.Articles = append(v.Articles, r.article(f, a, lim))
	}
	if more > 0 {
		v.MoreText = f.L.N("mail.more", more)
	}
	opening := v.Lead.Summary
	if alone {
		r.addExcerpt(&v, shown[0], lim)
	} else {
		v.Heading = f.L.T("mail.also")
	}
	v.Preheader = preheader(v, opening)
	return v
}

// addExcerpt shows the first paragraphs of an article that goes out alone.
// Many feeds repeat the beginning of the text as the summary, over the ends of
// its paragraphs: it is shown once.
func (r *Renderer) addExcerpt(v *editionView, a Article, lim limits) {
	blocks, cut := r.excerpts.excerpt(a.ContentHTML, lim.enough, lim.most)
	if len(blocks) == 0 {
		return
	}
	v.Lead.Blocks = blocks
	if cut {
		v.Lead.Button = v.L.T("mail.continue")
	}
	if strings.HasPrefix(r.letters(blocks), letters(strings.TrimRight(v.Lead.Summary, "….[] "))) {
		v.Lead.Summary = ""
	}
}

// letters is the words of paragraphs as a summary would have them, for
// comparison: without the addresses of links.
func (r *Renderer) letters(blocks []passage) string {
	var b strings.Builder
	for _, p := range blocks {
		b.WriteString(letters(plainText(r.excerpts.strict, string(p.HTML))))
	}
	return b.String()
}

// letters leaves the blanks out: where paragraphs meet, feeds differ in them.
func letters(s string) string { return strings.Join(strings.Fields(s), "") }

func knownKind(kind string) string {
	switch kind {
	case Daily, Weekly, Monthly:
		return kind
	}
	return Instant
}

// subjectTitle is what a subject holds of a title, in characters: no inbox
// shows more, and filters dislike a header of many lines.
const subjectTitle = 120

func editionSubject(f frame, c EditionContent) string {
	title := shorten(cleanLine(c.Articles[0].Title), subjectTitle)
	if n := len(c.Articles) - 1 + c.More; n > 0 && title != "" {
		title = f.L.N("mail.subject.several", n, "title", title)
	}
	return subject(title, f.Newsletter.Name)
}

// preheader is what an inbox shows beside the subject; opening is how the
// article begins.
func preheader(v editionView, opening string) string {
	text := opening
	if len(v.Articles) > 0 {
		titles := make([]string, 0, 3)
		for _, a := range v.Articles[:min(3, len(v.Articles))] {
			titles = append(titles, a.Title)
		}
		text = strings.Join(titles, " · ")
	} else if text == "" && len(v.Lead.Blocks) > 0 {
		text = cleanLine(v.Lead.Blocks[0].Text)
	}
	if utf8.RuneCountInString(text) < 40 {
		text = strings.TrimPrefix(text+" · "+v.Newsletter.Name+" · "+v.Kicker, " · ")
	}
	return shorten(text, 110)
}
