package mailer

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"vistka/internal/locale"
)

// articleView is an article as the templates show it.
type articleView struct {
	Title, URL string
	Topic      string
	Byline     string
	Summary    string
	Image      *imageView
	Blocks     []passage
	Lang       string // only where it is not that of the mail
	Button     string
}

type imageView struct {
	URL, Alt      string
	Width, Height int
	Outlook       bool // Outlook for Windows shows it: no WebP, no AVIF
}

const (
	imageWidth  = 536  // pixels: the sheet less its margins
	maxImageURL = 1500 // characters; longer ones eat the room for words
)

// newImage is a picture, which is no link. One that the feed says nothing of is passed
// over when the mail is read aloud: the title stands above it.
func newImage(a Article) *imageView {
	address := webAddress(a.ImageURL)
	if address == "" || len(address) > maxImageURL {
		return nil
	}
	u, _ := url.Parse(address)
	ext := strings.ToLower(path.Ext(u.Path))
	if ext == ".svg" { // Gmail shows none
		return nil
	}
	v := &imageView{URL: address, Alt: cleanLine(a.ImageAlt), Width: imageWidth, Height: imageWidth * 9 / 16}
	if a.ImageWidth > 0 && a.ImageHeight > 0 {
		v.Width = min(a.ImageWidth, imageWidth)
		v.Height = max(1, v.Width*a.ImageHeight/a.ImageWidth)
	}
	if letters(v.Alt) == letters(cleanLine(a.Title)) {
		v.Alt = ""
	}
	v.Outlook = !slices.Contains([]string{".webp", ".avif"}, ext)
	return v
}

func (r *Renderer) article(f frame, a Article, lim limits) articleView {
	v := articleView{
		Title:   shorten(cleanLine(a.Title), lim.title),
		URL:     webAddress(a.URL),
		Summary: shortenText(r.excerpts.plainText(a.Summary), lim.summary),
		Byline:  byline(f.L, a),
	}
	if letters(v.Summary) == letters(v.Title) { // some feeds have nothing better to say
		v.Summary = ""
	}
	if v.Title == "" {
		v.Title = f.Newsletter.Name
	}
	if len(a.Topics) > 0 {
		v.Topic = shorten(cleanLine(a.Topics[0]), 40)
	}
	if code := f.Newsletter.Language; code != "" && code != f.L.Code() {
		v.Lang = cleanLine(code)
	}
	return v
}

func byline(l *locale.Locale, a Article) string {
	var parts []string
	if author := shorten(cleanLine(a.Author), 80); author != "" {
		parts = append(parts, l.T("mail.by", "author", author))
	}
	if !a.PublishedAt.IsZero() {
		parts = append(parts, l.Date(a.PublishedAt))
	}
	return strings.Join(parts, " · ")
}
