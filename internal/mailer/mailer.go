// Package mailer knows what a mail is: it composes messages (RFC 5322, MIME
// RFC 2045 to 2047, list headers RFC 2369, 2919, 8058, automatic mail RFC 3834)
// and hands them to relays (SMTP, RFC 5321). It knows nothing of the database.
//
// A message is composed once per edition and language into a Compiled: encoded
// segments with slots for what differs between readers. Splicing a reader in
// allocates nothing, and the same segments give the same bytes on any day.
package mailer

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"strings"

	"vistka/internal/locale"
)

// Options are what a Renderer needs to know about where it runs.
type Options struct {
	BaseURL string // scheme and host of our own pages, without a trailing slash
	Reload  bool   // read the templates from the file system for every mail (--dev)
}

// Renderer turns content into mails. It is safe for concurrent use.
type Renderer struct {
	web      fs.FS
	catalog  *locale.Catalog
	opts     Options
	pages    *template.Template
	slots    placeholders
	excerpts excerpter

	confirmations confirmations
}

// NewRenderer parses templates/mail of the embedded (or, with --dev, real)
// file system. Returns an error if the base URL or a template is wrong.
func NewRenderer(web fs.FS, catalog *locale.Catalog, o Options) (*Renderer, error) {
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" || (base.Scheme != "http" && base.Scheme != "https") {
		return nil, fmt.Errorf("mail renderer: base URL %q is not an http or https address", o.BaseURL)
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	pages, err := parsePages(web)
	if err != nil {
		return nil, err
	}
	// The placeholders never leave this process; being unguessable, no feed can
	// name one and so make a reader's private link part of an image address.
	var nonce [12]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, fmt.Errorf("mail renderer: %w", err)
	}
	return &Renderer{
		web: web, catalog: catalog, opts: o, pages: pages, slots: newPlaceholders(hex.EncodeToString(nonce[:])), excerpts: newExcerpter(),
		confirmations: confirmations{known: map[confirmationKind]Compiled{}},
	}, nil
}

// page executes one of the templates.
func (r *Renderer) page(name string, data any) (string, error) {
	pages := r.pages
	if r.opts.Reload {
		var err error
		if pages, err = parsePages(r.web); err != nil {
			return "", err
		}
	}
	var b strings.Builder
	if err := pages.ExecuteTemplate(&b, name, data); err != nil {
		return "", fmt.Errorf("mail template %s: %w", name, err)
	}
	return b.String(), nil
}
