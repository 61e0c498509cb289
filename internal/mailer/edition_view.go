package mailer

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// editionView is what the templates of an edition see.
type editionView struct {
	frame
	Kicker   kicker
	Test     string   // a line above everything: this is a test
	Note     []string // of a correction: what was wrong, by paragraphs
	Missed   string   // why this digest holds more than its own time
	Lead     articleView
	Groups   []groupView // below the lead
	MoreText string
}

func (r *Renderer) editionView(f frame, c EditionContent, lim limits) editionView {
	shown := c.Articles[:min(len(c.Articles), lim.items)]
	more := c.More + len(c.Articles) - len(shown)
	kind := knownKind(c.Kind)
	if kind == Instant && len(c.Articles)+c.More > 1 {
		kind = "instant-several" // a reader who was away catches up
	}
	v := editionView{frame: f, Kicker: newKicker(f.L.T("mail.kind."+kind), f.L.Date(c.Date))}
	alone := len(c.Articles) == 1 && more == 0
	lead := shown[0]
	if alone && f.L.Date(lead.PublishedAt) == f.L.Date(c.Date) {
		lead.PublishedAt = time.Time{} // the line above says it
	}
	v.Lead = r.article(f, lead, lim)
	v.Lead.Image = newImage(shown[0])
	v.Lead.Button = f.L.T("mail.read")
	var rest []articleView
	var topics [][]string
	for _, a := range shown[1:] {
		rest, topics = append(rest, r.article(f, a, lim)), append(topics, a.Topics)
	}
	v.group(rest, topics)
	if more > 0 {
		v.MoreText = f.L.N("mail.more", more)
	}
	if c.Missed {
		v.Missed = f.L.T("mail.missed")
	}
	if kind == Correction {
		v.Note = paragraphs(c.Note)
	}
	opening := v.Lead.Summary
	if alone {
		r.addExcerpt(&v, shown[0], lim)
	}
	if len(v.Note) > 0 {
		opening = v.Note[0]
	}
	v.Preheader = preheader(v, opening, rest)
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
	if strings.HasPrefix(r.letters(blocks), letters(v.Lead.Summary)) {
		v.Lead.Summary = ""
	}
}

// letters is the words of paragraphs as a summary would have them, for
// comparison: without the addresses of links.
func (r *Renderer) letters(blocks []passage) string {
	var b strings.Builder
	for _, p := range blocks {
		b.WriteString(letters(r.excerpts.plainText(string(p.HTML))))
	}
	return b.String()
}

// letters leaves out the blanks and marks: where paragraphs and points meet, and
// where the text is cut, feeds differ in them.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

func knownKind(kind string) string {
	switch kind {
	case Daily, Weekly, Monthly, Correction:
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
	if c.Kind == Correction && title != "" {
		title = f.L.T("mail.correction.subject", "title", title)
	}
	return subject(title, f.Newsletter.Name)
}

const preheaderLength = 110 // characters

// preheader is what an inbox shows beside the subject; opening is how the
// article begins, or what a correction corrects; rest is what stands below it.
func preheader(v editionView, opening string, rest []articleView) string {
	text := shortenText(opening, preheaderLength)
	if len(rest) > 0 {
		titles := make([]string, 0, 3)
		for _, a := range rest[:min(3, len(rest))] {
			titles = append(titles, a.Title)
		}
		text = strings.Join(titles, " · ")
	} else if text == "" && len(v.Lead.Blocks) > 0 {
		text = shortenText(cleanLine(v.Lead.Blocks[0].Text), preheaderLength)
	}
	if utf8.RuneCountInString(text) < 40 {
		text = strings.TrimPrefix(text+" · "+v.Newsletter.Name+" · "+v.Kicker.String(), " · ")
	}
	return shorten(text, preheaderLength)
}
