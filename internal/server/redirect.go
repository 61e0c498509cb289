package server

import (
	"crypto/sha256"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"

	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// saidFor is how long a page tells of the press that led to it. Later, as of a
// bookmark or a tab that comes back, it shows how things are.
const saidFor = 15 * time.Minute

// seeOther answers a press with the page that shows what it did (RFC 9110
// section 15.4.4), so that Back and Reload never send a form again. flag is a
// parameter of the page; empty: none. The language that was asked for stays.
func (s *server) seeOther(w http.ResponseWriter, r *http.Request, path, flag string) error {
	return seeOtherIn(w, r, path, flag, s.Pages.Asked(r))
}

// seeOtherIn is seeOther to a page in lang; empty: whichever it is then.
func seeOtherIn(w http.ResponseWriter, r *http.Request, path, flag, lang string) error {
	q := url.Values{}
	if flag != "" {
		q.Set(flag, "1")
	}
	if lang != "" {
		q.Set("lang", lang)
	}
	http.Redirect(w, r, withQuery(path, q), http.StatusSeeOther)
	return nil
}

// withoutSlash leads to a page's one address (RFC 9110 section 15.4.9).
func withoutSlash(w http.ResponseWriter, r *http.Request) {
	u := url.URL{Path: strings.TrimRight(r.URL.Path, "/"), RawQuery: r.URL.RawQuery}
	http.Redirect(w, r, u.String(), http.StatusPermanentRedirect)
}

func withQuery(path string, q url.Values) string {
	switch {
	case len(q) == 0:
		return path
	case strings.Contains(path, "?"):
		return path + "&" + q.Encode()
	default:
		return path + "?" + q.Encode()
	}
}

// say is seeOther to a page that tells what the press did. The word for it is
// signed, for that page and this moment: only a press makes a page tell of one.
func (s *server) say(w http.ResponseWriter, r *http.Request, path, word string) error {
	page, _, _ := strings.Cut(path, "?")
	return s.seeOther(w, r, withQuery(path, url.Values{"said": {s.signWord(s.Clock.Now().Unix(), page, word)}}), "")
}

// saidDone is the word of a press that the page's own words tell of: it is what the
// focus is for. The same page asked for again shows how things are, and no more.
const saidDone = "done"

// sayDone is say of that, to the page that was pressed on.
func (s *server) sayDone(w http.ResponseWriter, r *http.Request) error {
	return s.say(w, r, r.URL.Path, saidDone)
}

// said is the word of the press that has just led to this page; empty: there
// was none.
func (s *server) said(r *http.Request) string {
	at, word := s.openWord(r.URL.Path, r.URL.Query().Get("said"))
	if s.Clock.Now().Sub(time.Unix(at, 0)).Abs() > saidFor {
		return ""
	}
	return word
}

// signWord signs what a press came to, for the page at path; at is Unix seconds.
func (s *server) signWord(at int64, path, word string) string {
	payload := binary.BigEndian.AppendUint64(nil, uint64(at))
	payload = append(append(payload, pageSum(path)...), word...)
	return s.Keys.Sign(token.Said, payload)
}

// openWord opens what signWord signed; word is empty if that was for another page,
// or nothing.
func (s *server) openWord(path, signed string) (at int64, word string) {
	payload, err := s.Keys.Verify(token.Said, signed)
	if err != nil || len(payload) < 8+pageSumSize || string(payload[8:8+pageSumSize]) != string(pageSum(path)) {
		return 0, ""
	}
	return int64(binary.BigEndian.Uint64(payload)), string(payload[8+pageSumSize:])
}

// sayOf is say of settings: the page tells of the press as long as they are those
// that it made. Back leads to it after the next one.
func (s *server) sayOf(w http.ResponseWriter, r *http.Request, path, word string, p subscriber.Preferences) error {
	return s.say(w, r, path, word+" "+p.Sum())
}

// saidOf is the word of sayOf, or of say.
func (s *server) saidOf(r *http.Request, p subscriber.Preferences) string {
	word, sum, bound := strings.Cut(s.said(r), " ")
	if bound && sum != p.Sum() {
		return ""
	}
	return word
}

const pageSumSize = 8 // octets

func pageSum(path string) []byte {
	sum := sha256.Sum256([]byte(path))
	return sum[:pageSumSize]
}
