package mailer

import (
	"regexp"
	"strings"
)

// CompileTest makes "mail me a test": the edition as readers would get it,
// marked as a test and without anybody's links, or a few words when there are
// no articles. Needs no link of Recipient.
func (r *Renderer) CompileTest(c TestContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	if len(c.Articles) > 0 {
		return r.compileEdition(EditionContent{
			Newsletter: c.Newsletter, Locale: c.Locale, Kind: c.Kind, Articles: c.Articles, Date: c.Date,
		}, f.L.T("mail.test.banner"))
	}
	f.Subject, f.Why = f.words("mail.test.subject", "subject", f.Newsletter.Name), f.words("mail.why.test")
	return r.compileNotice(noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.test.heading"),
		Lines: []string{f.words("mail.test.text", "when", f.moment(c.Date, c.Date)), f.L.T("mail.test.next")},
	}, c.Newsletter, c.Date)
}

// CompileAlert makes the mail to the people who run the service. Needs no link
// of Recipient.
func (r *Renderer) CompileAlert(c AlertContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	f.PrivacyURL = "" // this one is for colleagues
	f.Subject = f.words("mail.alert.subject", "title", cleanLine(c.Title))
	f.Why = f.words("mail.why.alert")
	link := webAddress(c.URL)
	if link == "" {
		link = r.opts.BaseURL + "/admin"
	}
	kind := "mail.alert"
	if c.Grace {
		kind = "mail.grace"
	}
	v := noticeView{
		frame: f, Kicker: newKicker(f.L.T(kind+".kicker"), f.moment(c.Date, c.Date)), Heading: cleanLine(c.Title),
		Detail: detail(c.Detail), Button: f.L.T(kind + ".button"), ButtonURL: link,
	}
	v.Lines = paragraphs(c.Text)
	return r.compileNotice(v, c.Newsletter, c.Date)
}

// CompileDesk tells the hotline's desk that a request came. What it says is
// attached as it was sealed, or left out. Needs no link of Recipient.
func (r *Renderer) CompileDesk(c DeskContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	f.PrivacyURL = ""
	f.Subject, f.Why = f.L.T("mail.desk.subject", "reference", cleanLine(c.Reference)), f.words("mail.why.desk")
	link := webAddress(c.URL)
	if link == "" {
		link = r.opts.BaseURL + "/admin"
	}
	v := noticeView{
		frame: f, Kicker: newKicker(f.L.T("mail.desk.kicker")), Heading: f.L.T("mail.desk.heading"),
		Lines:  []string{f.L.T(deskText(c.Kind), "reference", cleanLine(c.Reference), "when", f.moment(c.Date, c.Date))},
		Button: f.L.T("mail.desk.button"), ButtonURL: link,
	}
	if c.Busy {
		v.After = []string{f.L.T("mail.desk.busy")}
	}
	if c.Sealed == "" {
		v.Lines = append(v.Lines, f.L.T("mail.desk.left_out"))
		if c.Unsealed {
			v.Lines = append(v.Lines, f.L.T("mail.desk.unsealed"))
		}
		return r.compileNotice(v, c.Newsletter, c.Date)
	}
	name := "hotline-" + notInNames.ReplaceAllString(c.Reference, "") + ".age"
	v.file = &attachment{name: name, mediaType: "application/vnd.age", content: c.Sealed}
	v.Lines = append(v.Lines, f.L.T("mail.desk.sealed", "file", name))
	v.Detail = "age -d -i key.txt " + name
	return r.compileNotice(v, c.Newsletter, c.Date)
}

// notInNames is what no file's name needs.
var notInNames = regexp.MustCompile(`[^0-9A-Za-z-]`)

func deskText(kind string) string {
	switch kind {
	case "callback", "complaint":
		return "mail.desk.text_" + kind
	}
	return "mail.desk.text"
}

// paragraphs are the passages that empty lines divide.
func paragraphs(text string) []string {
	var out []string
	for passage := range strings.SplitSeq(strings.ReplaceAll(text, "\r\n", "\n"), "\n\n") {
		if passage = cleanLine(passage); passage != "" {
			out = append(out, passage)
		}
	}
	return out
}
