package server

import (
	"encoding/binary"
	"net/http"
	"time"

	"vistka/internal/token"
)

// A form token says when we rendered a form and for what; it is signed, so
// that a program cannot date it. It is no secret and may be used again.
const (
	signupForm = 's'
	tokenForm  = 't' // confirm, not me, unsubscribe

	tooSoon = 2 * time.Second // no person reads and presses that fast; scanners do
	tooLate = 24 * time.Hour
)

type formAge int

const (
	formNone   formAge = iota // absent, or not one of ours
	formFresh                 // younger than tooSoon
	formGood                  // in between
	formStale                 // older than tooLate
	stampOctet = 1 + 8
)

func (s *server) formToken(kind byte) string {
	payload := binary.BigEndian.AppendUint64([]byte{kind}, uint64(s.Clock.Now().UnixMilli()))
	return s.Keys.Sign(token.Form, payload)
}

// shown dates the form of a page: anew, or, where the page answers a press that
// was too fast, as that press was dated, so that the next need not wait again.
func (s *server) shown(r *http.Request) string {
	value := r.PostFormValue("shown")
	if age := s.formAge(tokenForm, value); age == formFresh || age == formGood {
		return value
	}
	return s.formToken(tokenForm)
}

func (s *server) formAge(kind byte, value string) formAge {
	payload, err := s.Keys.Verify(token.Form, value)
	if err != nil || len(payload) != stampOctet || payload[0] != kind {
		return formNone
	}
	age := s.Clock.Now().Sub(time.UnixMilli(int64(binary.BigEndian.Uint64(payload[1:]))))
	switch {
	case age < tooSoon:
		return formFresh
	case age > tooLate:
		return formStale
	default:
		return formGood
	}
}
