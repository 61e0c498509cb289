package mailer

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// ErrNoArticles and ErrTooLarge are the two contents no edition can be made of.
var (
	ErrNoArticles = errors.New("mailer: an edition without articles")
	ErrTooLarge   = errors.New("mailer: the mail does not fit under 90 KB")
)

// limits is how much of each article is shown, in characters.
type limits struct {
	items, title, summary, enough, most int
}

// fits is tried in order until the HTML is small enough: Gmail clips a mail at
// about 102 KB, and with it the way out. A Cyrillic letter takes six octets.
var fits = []limits{
	{items: 20, title: 300, summary: 320, enough: 900, most: 1800},
	{items: 15, title: 200, summary: 160, enough: 600, most: 1200},
	{items: 8, title: 160, summary: 120, enough: 400, most: 800},
	{items: 3, title: 120, summary: 80, enough: 200, most: 400},
	{items: 1, title: 120, summary: 80, enough: 100, most: 200},
}

const (
	maxHTML    = 90_000 // octets, encoded
	slotsSpare = 2_500  // of these, for the values of slots
)

// CompileEdition makes the mail of an edition, with slots for the reader's
// address, Message-ID and links. Returns ErrNoArticles, ErrSender when the
// newsletter cannot be written from, ErrTooLarge when one address alone is
// longer than a mail may be.
func (r *Renderer) CompileEdition(c EditionContent) (Compiled, error) {
	return r.compileEdition(c, "")
}

func (r *Renderer) compileEdition(c EditionContent, test string) (Compiled, error) {
	if len(c.Articles) == 0 {
		return Compiled{}, ErrNoArticles
	}
	f := r.frame(c.Newsletter, c.Locale)
	if test == "" {
		f = f.withLinks(r.slots)
	}
	f.Subject, f.BrowserURL = editionSubject(f, c), webAddress(c.BrowserURL)
	if test != "" {
		f.Subject = f.words("mail.test.subject", "subject", f.Subject)
	}
	f.Why = f.words("mail.why.edition")
	if test != "" {
		f.Why = f.words("mail.why.test")
	}
	d := draft{newsletter: c.Newsletter, language: f.L.Code(), date: c.Date, subject: f.Subject}
	if test == "" {
		var err error
		if d.listID, err = listID(c); err != nil {
			return Compiled{}, err
		}
		d.bulk, d.feedbackID, d.archiveURL = true, feedbackID(c), webAddress(c.ArchiveURL)
	}
	for _, lim := range fits {
		v := r.editionView(f, c, lim)
		v.Test = test
		html, err := r.page("edition", v)
		if err != nil {
			return Compiled{}, fmt.Errorf("edition %d: %w", c.ID, err)
		}
		if size(r.encodeBody(html, true)) <= maxHTML-slotsSpare {
			d.html, d.text = html, v.plain()
			return r.compile(d)
		}
	}
	return Compiled{}, ErrTooLarge
}

// listID is stable for the life of the newsletter (RFC 2919): it holds the
// slug, never the title.
func listID(c EditionContent) (string, error) {
	if c.ListID != "" {
		return cleanLine(strings.Trim(c.ListID, "<>")), nil
	}
	return newsletterListID(c.Newsletter)
}

func newsletterListID(n Newsletter) (string, error) {
	from, err := headerAddress(n.FromAddress)
	if err != nil {
		return "", err
	}
	return n.Slug + "." + from[strings.LastIndexByte(from, '@')+1:], nil
}

// feedbackID groups reports of Gmail's feedback loop; nothing in it is the reader's.
func feedbackID(c EditionContent) string {
	if c.ID == 0 {
		return ""
	}
	sum := sha256.Sum256([]byte(c.Newsletter.FromAddress))
	return fmt.Sprintf("%d:%s:%s:%s", c.ID, c.Newsletter.Slug, knownKind(c.Kind), hex.EncodeToString(sum[:5]))
}

func size(segments []segment) int {
	n := 0
	for _, s := range segments {
		n += len(s.text)
	}
	return n
}
