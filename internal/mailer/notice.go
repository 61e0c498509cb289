package mailer

import (
	"fmt"
	"strings"
	"time"
)

// noticeView is what the template of a notice sees: a few passages, at most
// one button, at most one code. Nothing in it advertises.
type noticeView struct {
	frame
	Kicker     kicker
	Heading    string
	Lines      []string // before the button
	Records    []Record // of a receipt
	Button     string
	ButtonURL  string
	PlainLabel string // above the address written out; empty leaves it out of the HTML
	CodeLabel  string
	Code       string
	After      []string // below the button
	Detail     string   // shown as it is, in the letters of a machine
	AsideLabel string   // a quiet link, such as "this wasn't me"
	AsideURL   string
	AsideText  string
	Later      []string // below the quiet link
	Heading2   string
	file       *attachment
	Articles   []articleView
}

// compileNotice makes a notice; one with the reader's own links belongs to the
// newsletter and has its list headers.
func (r *Renderer) compileNotice(v noticeView, n Newsletter, date time.Time) (Compiled, error) {
	if v.Preheader == "" && len(v.Lines) > 0 {
		v.Preheader = shortenText(v.Lines[0], preheaderLength)
	}
	v.Subject = subject(v.Subject, n.Name)
	html, err := r.page("notice", v)
	if err != nil {
		return Compiled{}, fmt.Errorf("notice: %w", err)
	}
	d := draft{newsletter: n, language: v.L.Code(), date: date, subject: v.Subject, html: html, text: v.plain(), file: v.file}
	if v.UnsubscribeURL != "" {
		if d.listID, err = newsletterListID(n); err != nil {
			return Compiled{}, err
		}
	}
	return r.compile(d)
}

// plain is the text part of a notice.
func (v noticeView) plain() string {
	var w plainWriter
	w.masthead(v.frame, v.Kicker)
	w.para(v.Heading, "", "")
	for _, line := range v.Lines {
		w.gap()
		w.para(line, "", "")
	}
	for _, rec := range v.Records {
		w.record(v.frame, rec)
	}
	if len(v.Records) > 0 {
		w.rule()
	}
	if v.Detail != "" {
		w.gap()
		for line := range strings.Lines(v.Detail) {
			w.line("    " + strings.TrimRight(line, "\n"))
		}
	}
	if v.ButtonURL != "" {
		w.gap()
		w.line(v.Button + ":")
		w.line(v.ButtonURL)
	}
	if v.Code != "" {
		w.gap()
		w.para(v.CodeLabel, "", "")
		w.line("    " + v.Code)
	}
	for _, line := range v.After {
		w.gap()
		w.para(line, "", "")
	}
	if v.AsideURL != "" {
		w.gap()
		w.para(v.AsideText, "", "")
		w.line(v.AsideLabel + ":")
		w.line(v.AsideURL)
	}
	for _, line := range v.Later {
		w.gap()
		w.para(line, "", "")
	}
	if len(v.Articles) > 0 {
		w.rule()
		w.heading(v.Heading2)
		for _, a := range v.Articles {
			w.item("– ", a)
		}
	}
	w.footer(v.frame)
	return w.b.String()
}

// cadenceWords is the sentence of key that says how often mail comes. "As soon
// as" is a clause and has a sentence of its own: languages set it off differently.
func cadenceWords(f frame, key, cadence string) string {
	kind := knownKind(cadence)
	if kind == Instant {
		return f.L.T(key + "_instant")
	}
	return f.L.T(key, "cadence", f.L.T("mail.cadence."+kind))
}

// detail keeps the line ends of a machine's words and nothing else unusual.
func detail(s string) string {
	var lines []string
	for line := range strings.Lines(s) {
		if line = cleanLine(line); line != "" {
			lines = append(lines, shorten(line, 500))
		}
	}
	return strings.Join(lines[:min(len(lines), 20)], "\n")
}
