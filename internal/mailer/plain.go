package mailer

import (
	"strings"
	"unicode/utf8"
)

const (
	plainColumns = 72
	hairline     = "----------------------------------------"
)

// plainWriter sets the text part: lines of at most 72 characters where a blank
// allows it, addresses on lines of their own, one empty line between passages.
type plainWriter struct {
	b strings.Builder
}

// gap ends a passage.
func (w *plainWriter) gap() {
	if w.b.Len() > 0 && !strings.HasSuffix(w.b.String(), "\n\n") {
		w.b.WriteString("\n")
	}
}

// line writes one line as it is.
func (w *plainWriter) line(s string) {
	if s != "" {
		w.b.WriteString(s)
		w.b.WriteString("\n")
	}
}

// para writes a paragraph, wrapped, its first line behind first and the others
// behind rest. Line ends in s stay.
func (w *plainWriter) para(s, first, rest string) {
	indent := first
	for line := range strings.Lines(s) {
		column := 0
		for _, word := range strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\n' }) {
			width := utf8.RuneCountInString(word)
			switch {
			case column == 0:
				w.b.WriteString(indent)
				column = utf8.RuneCountInString(indent)
			case column+1+width > plainColumns:
				indent = rest
				w.b.WriteString("\n" + indent)
				column = utf8.RuneCountInString(indent)
			default:
				w.b.WriteString(" ")
				column++
			}
			w.b.WriteString(word)
			column += width
		}
		if column > 0 {
			w.b.WriteString("\n")
		}
		indent = rest
	}
}

// rule draws a line between two passages.
func (w *plainWriter) rule() {
	w.gap()
	w.line(hairline)
	w.b.WriteString("\n")
}

// heading writes what stands above a list: underlined, for letters have one size.
func (w *plainWriter) heading(s string) {
	s = strings.ToUpper(s)
	w.line(s)
	w.line(strings.Repeat("=", utf8.RuneCountInString(s)))
}

func (w *plainWriter) masthead(f frame, k kicker) {
	w.line(strings.ToUpper(f.Newsletter.Name))
	w.line(k.String())
	if f.BrowserURL != "" {
		w.line(f.L.T("mail.browser") + ":")
		w.line(f.BrowserURL)
	}
	w.rule()
}

// blocks writes the paragraphs of an article.
func (w *plainWriter) blocks(blocks []passage) {
	for i, b := range blocks {
		if b.Kind != "li" || i == 0 || blocks[i-1].Kind != "li" {
			w.gap()
		}
		switch b.Kind {
		case "li":
			w.para(b.Text, "  – ", "    ")
		case "quote":
			w.para(b.Text, "    ", "    ")
		default:
			w.para(b.Text, "", "")
		}
	}
}

// item writes an article of a list.
func (w *plainWriter) item(mark string, a articleView) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(mark))
	w.gap()
	w.para(a.Title, mark, indent)
	if a.Summary != "" {
		w.para(a.Summary, indent, indent)
	}
	w.line(join(indent, a.URL))
}

func join(indent, s string) string {
	if s == "" {
		return ""
	}
	return indent + s
}

// footer says why the mail came, whose it is and how to leave.
func (w *plainWriter) footer(f frame) {
	w.rule()
	w.para(f.Why, "", "")
	if f.PreferencesURL != "" {
		w.gap()
		w.line(f.L.T("mail.preferences") + ":")
		w.line(f.PreferencesURL)
	}
	if f.UnsubscribeURL != "" {
		w.gap()
		w.line(f.L.T("mail.unsubscribe") + ":")
		w.line(f.UnsubscribeURL)
	}
	if f.PrivacyURL != "" {
		w.gap()
		w.line(f.L.T("signup.privacy") + ":")
		w.line(f.PrivacyURL)
	}
	w.gap()
	for _, line := range f.Postal {
		w.line(line)
	}
	w.line(f.SiteURL)
}
