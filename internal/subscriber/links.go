package subscriber

import (
	"encoding/binary"
	"strings"
	"time"
	"unicode/utf8"

	"vistka/internal/token"
)

// UnsubscribeToken is the long-lived link of every edition, bound to reader
// and newsletter.
func UnsubscribeToken(k *token.Keys, newsletterID, subscriberID int64) string {
	return k.Sign(token.Unsubscribe, token.Pair(uint32(newsletterID), uint64(subscriberID)))
}

// PreferencesToken is the long-lived link to the preference centre.
func PreferencesToken(k *token.Keys, newsletterID, subscriberID int64) string {
	return k.Sign(token.Preferences, token.Pair(uint32(newsletterID), uint64(subscriberID)))
}

// ConfirmToken is the link of a confirmation mail. Sending again gives the same.
func ConfirmToken(k *token.Keys, signupID int64, generation int32) string {
	return k.Sign(token.Confirm, token.Pair(uint32(generation), uint64(signupID)))
}

// NotMeToken is the link "this wasn't me" of a confirmation mail.
func NotMeToken(k *token.Keys, signupID int64, generation int32) string {
	return k.Sign(token.NotMe, token.Pair(uint32(generation), uint64(signupID)))
}

// Code is the six digits of a confirmation mail.
func Code(k *token.Keys, signupID int64, generation int32) string {
	return k.SixDigits(token.Code, token.Pair(uint32(generation), uint64(signupID)))
}

// reader takes apart a link that names newsletter and subscriber.
func (s *Service) reader(link string, purposes ...token.Purpose) (newsletterID, subscriberID int64, err error) {
	for _, p := range purposes {
		payload, failed := s.Keys.Verify(p, link)
		if failed != nil {
			continue
		}
		a, b, failed := token.SplitPair(payload)
		return int64(a), int64(b), failed
	}
	return 0, 0, token.ErrInvalid
}

// signup takes apart a link that names a sign-up and its generation.
func (s *Service) signup(p token.Purpose, link string) (id int64, generation int32, err error) {
	payload, err := s.Keys.Verify(p, link)
	if err != nil {
		return 0, 0, err
	}
	a, b, err := token.SplitPair(payload)
	return int64(b), int32(a), err
}

// handle is what the page after a sign-up holds, sealed: the row's id would
// tell whether the address had asked before. Whatever that page may answer
// depends on the handle alone, never on the address.
type handle struct {
	signupID   int64
	generation int32
	sentAt     time.Time // when a mail was last asked for
	sent       uint8     // how many were asked for within resendWindow
}

func (s *Service) seal(h handle) string {
	out := token.Pair(uint32(h.generation), uint64(h.signupID))
	out = binary.BigEndian.AppendUint64(out, uint64(h.sentAt.Unix()))
	return s.Keys.Seal(token.SignupPage, append(out, h.sent))
}

func (s *Service) open(sealed string) (handle, error) {
	raw, err := s.Keys.Open(token.SignupPage, sealed)
	if err != nil || len(raw) != 21 {
		return handle{}, token.ErrInvalid
	}
	generation, id, err := token.SplitPair(raw[:12])
	return handle{
		signupID: int64(id), generation: int32(generation),
		sentAt: time.Unix(int64(binary.BigEndian.Uint64(raw[12:20])), 0).UTC(), sent: raw[20],
	}, err
}

// clip cuts s to at most n octets, at a letter, and drops what Postgres cannot
// keep.
func clip(s string, n int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
