package article

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"vistka/internal/feed"
)

// Key is one thing an article is recognised by.
type Key struct {
	Kind  string `db:"kind"` // guid, address, cms, fingerprint
	Value string `db:"value"`
}

func newKey(kind, value string) Key {
	if len(value) > 1000 { // an index row holds 2,700 octets
		sum := sha256.Sum256([]byte(value))
		value = "sha256:" + hex.EncodeToString(sum[:])
	}
	return Key{kind, value}
}

// candidate is an entry, or several that are plainly the same one, with the keys
// that may decide in this document.
type candidate struct {
	feed.Entry
	guids       []Key
	cms         Key
	address     Key  // zero when the entry has none
	shared      bool // the address is the site's or another entry's too: it decides nothing
	fingerprint Key
}

// ids are the keys that identify the entry itself.
func (c *candidate) ids() []Key {
	keys := slices.Clone(c.guids)
	if c.cms.Kind != "" {
		keys = append(keys, c.cms)
	}
	if c.usable() {
		keys = append(keys, c.address)
	}
	return keys
}

func (c *candidate) usable() bool { return c.address.Kind != "" && !c.shared }

// all is what is stored: the fingerprint too, so that an entry which loses its
// other keys is still known.
func (c *candidate) all() []Key { return append(c.ids(), c.fingerprint) }

// candidates prepares a document: folds doubles, finds shared addresses, puts
// the oldest first so that several new ones are mailed in their order.
func candidates(d feed.Document) []*candidate {
	site := feed.CanonicalURL(d.SiteURL)
	var out []*candidate
	for _, e := range d.Entries {
		c := newCandidate(e, d.SiteURL)
		if c == nil {
			continue
		}
		c.shared = c.address.Kind != "" && c.address.Value == site
		if twin := slices.IndexFunc(out, c.twin); twin >= 0 {
			for _, g := range c.guids {
				if !slices.Contains(out[twin].guids, g) {
					out[twin].guids = append(out[twin].guids, g)
				}
			}
			continue
		}
		out = append(out, c)
	}
	seen := map[Key]int{}
	for _, c := range out {
		seen[c.address]++
	}
	for _, c := range out {
		c.shared = c.shared || (c.address.Kind != "" && seen[c.address] > 1)
	}
	slices.Reverse(out)
	undated := func(c *candidate) bool { return c.PublishedAt == nil }
	if !slices.ContainsFunc(out, undated) {
		slices.SortStableFunc(out, func(a, b *candidate) int { return a.PublishedAt.Compare(*b.PublishedAt) })
	}
	return out
}

// newCandidate is nil for an entry that says nothing.
func newCandidate(e feed.Entry, site string) *candidate {
	c := &candidate{Entry: e}
	if e.GUID != "" {
		c.guids = []Key{newKey("guid", e.GUID)}
	}
	if e.CMSID != "" {
		c.cms = newKey("cms", e.CMSID)
	}
	if a := feed.CanonicalURL(e.URL); a != "" {
		c.address = newKey("address", a)
	}
	if e.GUID == "" && e.URL == "" && e.Title == "" && e.Summary == "" {
		return nil
	}
	c.Title = cmp.Or(c.Title, firstWords(c.Summary), c.URL, c.GUID)
	c.URL = cmp.Or(c.URL, site)
	date := e.Summary // without a date the text tells two pieces of one title apart
	if e.PublishedAt != nil {
		date = e.PublishedAt.Format(time.RFC3339)
	}
	sum := sha256.Sum256([]byte(fold(c.Title) + "\x00" + date))
	c.fingerprint = Key{"fingerprint", hex.EncodeToString(sum[:16])}
	return c
}

// twin says whether two entries of one document are one piece shown twice.
func (c *candidate) twin(o *candidate) bool {
	sameAddress := c.address == o.address
	switch {
	case len(c.guids) > 0 && slices.Contains(o.guids, c.guids[0]):
		return sameAddress
	case c.fingerprint != o.fingerprint || !sameAddress:
		return false
	case c.address.Kind != "":
		return !c.shared || len(c.guids) == 0
	default:
		return len(c.guids) == 0 && len(o.guids) == 0
	}
}

// fold is a title for comparing: case and white space aside.
func fold(title string) string { return strings.Join(strings.Fields(strings.ToLower(title)), " ") }

func firstWords(s string) string {
	r := []rune(s)
	if len(r) <= 80 {
		return s
	}
	cut := string(r[:79])
	if i := strings.LastIndexByte(cut, ' '); i > 40 {
		cut = cut[:i]
	}
	return cut + "…"
}
