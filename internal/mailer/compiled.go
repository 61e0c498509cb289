package mailer

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Recipient is what differs between two mails of one edition.
type Recipient struct {
	To             string // the address, ready for the header (A-label domain unless SMTPUTF8 is needed)
	MessageID      string // without angle brackets
	UnsubscribeURL string
	PreferencesURL string
}

// slot says what is put in after a segment, and how it is written there.
type slot byte

const (
	slotNone slot = iota // only after the last segment
	slotTo
	slotMessageID
	slotUnsubscribeHeader // as it is
	slotUnsubscribeText   // quoted-printable
	slotUnsubscribeHTML   // an attribute's value, quoted-printable
	slotPreferencesText
	slotPreferencesHTML
	slotConfirmText // these are only in what a confirmation is bound from
	slotConfirmHTML
	slotNotMeText
	slotNotMeHTML
	slotCode
	slotEnd // first number that is no slot
)

type segment struct {
	text []byte
	slot slot
}

// Compiled is a message in encoded, dot-stuffed segments with slots. It is not
// changed after it is made, so any number of goroutines may splice from it.
type Compiled struct {
	segments []segment
}

// ErrRecipient says that a recipient lacks a value that the message has a slot
// for, or that a value would break the header it goes into.
var ErrRecipient = errors.New("mailer: recipient does not fit the message")

// Check tells before DATA is opened whether Append will make a sound message.
// Returns ErrRecipient otherwise.
func (c *Compiled) Check(r Recipient) error {
	for _, s := range c.segments {
		v := s.slot.value(r)
		if s.slot == slotNone {
			continue
		}
		if v == "" {
			return fmt.Errorf("%w: slot %d is empty", ErrRecipient, s.slot)
		}
		for i := range len(v) {
			if v[i] <= ' ' || v[i] == 0x7f || v[i] == '<' || v[i] == '>' {
				return fmt.Errorf("%w: slot %d has octet %#x", ErrRecipient, s.slot, v[i])
			}
		}
	}
	return nil
}

func (s slot) value(r Recipient) string {
	switch s {
	case slotTo:
		return r.To
	case slotMessageID:
		return r.MessageID
	case slotUnsubscribeHeader, slotUnsubscribeText, slotUnsubscribeHTML:
		return r.UnsubscribeURL
	case slotPreferencesText, slotPreferencesHTML:
		return r.PreferencesURL
	}
	return ""
}

// Append adds the message for one recipient to dst: CRLF line ends,
// dot-stuffed, ended by CRLF but without the final dot. It allocates only when
// dst has no room.
func (c *Compiled) Append(dst []byte, r Recipient) []byte {
	for i := range c.segments {
		s := &c.segments[i]
		dst = append(dst, s.text...)
		switch v := s.slot.value(r); s.slot {
		case slotTo, slotMessageID, slotUnsubscribeHeader:
			dst = appendHeaderValue(dst, v)
		case slotUnsubscribeText, slotPreferencesText:
			dst = appendQPValue(dst, v, false)
		case slotUnsubscribeHTML, slotPreferencesHTML:
			dst = appendQPValue(dst, v, true)
		}
	}
	return dst
}

// appendHeaderValue leaves out control octets: whatever a caller passes, the
// header cannot be broken.
func appendHeaderValue(dst []byte, v string) []byte {
	start := 0
	for i := range len(v) {
		if v[i] < ' ' || v[i] == 0x7f {
			dst = append(dst, v[start:i]...)
			start = i + 1
		}
	}
	return append(dst, v[start:]...)
}

const compiledVersion = 1

// MarshalBinary gives the segments as they are stored with an edition.
func (c *Compiled) MarshalBinary() ([]byte, error) {
	n := 1
	for _, s := range c.segments {
		n += binary.MaxVarintLen64 + len(s.text) + 1
	}
	out := append(make([]byte, 0, n), compiledVersion)
	for _, s := range c.segments {
		out = binary.AppendUvarint(out, uint64(len(s.text)))
		out = append(out, s.text...)
		out = append(out, byte(s.slot))
	}
	return out, nil
}

// UnmarshalBinary reads what MarshalBinary wrote. Returns an error if the
// bytes are cut off, of another version, or name an unknown slot.
func (c *Compiled) UnmarshalBinary(data []byte) error {
	if len(data) == 0 || data[0] != compiledVersion {
		return errors.New("compiled message: unknown version")
	}
	data = append([]byte(nil), data[1:]...)
	c.segments = nil
	for len(data) > 0 {
		n, used := binary.Uvarint(data)
		if used <= 0 || n >= uint64(len(data)-used) {
			return errors.New("compiled message: cut off")
		}
		data = data[used:]
		s := segment{text: data[:n:n], slot: slot(data[n])}
		if s.slot >= slotEnd || (s.slot == slotNone && uint64(len(data)) > n+1) {
			return fmt.Errorf("compiled message: slot %d", s.slot)
		}
		c.segments = append(c.segments, s)
		data = data[n+1:]
	}
	if len(c.segments) == 0 || c.segments[len(c.segments)-1].slot != slotNone {
		return errors.New("compiled message: cut off")
	}
	return nil
}
