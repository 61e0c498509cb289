// Package feed speaks the protocols of syndication and nothing else: it fetches
// politely and safely over HTTP (RFC 9110, RFC 9111, RFC 5861 left out), parses
// RSS 0.9x/1.0/2.0, Atom (RFC 4287) and JSON Feed 1.1, cleans what it found, and
// folds addresses to one spelling. It knows no database and no newsletter.
//
// Everything it reads is hostile until cleaned: bodies are bounded before they
// are parsed, HTML passes an allow list, addresses that are not public are
// refused when the connection is made (after DNS, on every redirect).
package feed

import "time"

// Limits of one document. A feed beyond MaxBytes or MaxDepth is refused; entries
// beyond MaxEntries and entries above MaxEntryBytes are left out and counted.
const (
	MaxBytes      = 10 << 20 // after decompression
	MaxDepth      = 100      // elements within elements
	MaxEntries    = 2000
	MaxEntryBytes = 1 << 20
	MaxRedirects  = 5
	FetchTimeout  = 30 * time.Second
	SummaryRunes  = 400
)

// Document is a feed as parsed: text is plain, HTML sanitised, links absolute.
type Document struct {
	Title    string
	SiteURL  string
	Language string // as the feed says it, lower case; may be empty
	Entries  []Entry
	LeftOut  int // entries over the limits
}

// Entry is one item of a document.
type Entry struct {
	GUID        string // as given; empty when the feed gives none
	CMSID       string // "wordpress:host/123", "drupal:host/45": what survives a change of scheme or permalink
	URL         string // absolute http(s), tracking parameters kept; empty when there is none
	Title       string
	Summary     string // plain text, at most SummaryRunes
	ContentHTML string
	Author      string
	ImageURL    string
	ImageAlt    string
	Topics      []string
	Language    string
	Alternates  []Alternate
	PublishedAt *time.Time // the feed's word, UTC; nil when missing or unreadable
}

// Request asks for a feed; ETag and LastModified are those of the last good answer.
type Request struct {
	URL, ETag, LastModified string
}

// Response is a good answer.
type Response struct {
	Body         []byte // UTF-8 or as the feed came; Parse sorts it out
	ContentType  string
	ETag         string
	LastModified string
	NotModified  bool   // 304: Body is empty
	FinalURL     string // after redirects
	MovedTo      string // FinalURL when every redirect on the way was permanent
	Retry        time.Duration
}
