package delivery

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/token"
)

// poisonError is a message that cannot be made: it fails alone (D26).
type poisonError struct{ err error }

func (e *poisonError) Error() string { return e.err.Error() }
func (e *poisonError) Unwrap() error { return e.err }

// edition is a composed edition as a driver keeps it.
type edition struct {
	id         int64
	newsletter int64
	from       emailaddr.Address
	baseURL    string
	keyID      string
	body       mailer.Compiled
}

// loadEdition reads the frozen bytes of an edition, having them composed if
// nobody has yet. Returns an error that concerns every reader of the edition.
func (s *Service) loadEdition(ctx context.Context, id int64) (*edition, error) {
	e := &edition{id: id}
	for composed := false; ; composed = true {
		var from, baseURL, keyID *string
		var segments []byte
		err := s.DB.QueryRow(ctx, sqlBody, pgx.StrictNamedArgs{"edition": id}).Scan(&e.newsletter, &from, &baseURL, &keyID, &segments)
		if err != nil {
			return nil, fmt.Errorf("load edition %d: %w", id, err)
		}
		if keyID != nil {
			e.keyID, e.baseURL = *keyID, *baseURL
			if e.from, err = emailaddr.Parse(*from); err != nil {
				return nil, fmt.Errorf("load edition %d: sender: %w", id, err)
			}
			if err := e.body.UnmarshalBinary(segments); err != nil {
				return nil, fmt.Errorf("load edition %d: %w", id, err)
			}
			return e, nil
		}
		if composed || s.Compose == nil {
			return nil, fmt.Errorf("load edition %d: it has no body", id)
		}
		if err := s.Compose(ctx, id); err != nil {
			return nil, fmt.Errorf("compose edition %d: %w", id, err)
		}
	}
}

// render splices one reader into an edition, into buf's room. A panic or a
// reader the message does not fit is a *poisonError.
func (s *Service) render(e *edition, it *item, buf []byte) (m mailer.Message, err error) {
	defer catch(&err)
	to, err := emailaddr.Parse(it.address)
	if err != nil {
		return m, &poisonError{fmt.Errorf("address: %w", err)}
	}
	pair := token.Pair(uint32(e.newsletter), uint64(it.Subscriber))
	r := mailer.Recipient{
		To:             to.Wire(),
		MessageID:      s.messageID(e.keyID, e.from, 'e', e.id, it.Subscriber),
		UnsubscribeURL: e.baseURL + "/unsubscribe/" + s.sign(e.keyID, token.Unsubscribe, pair),
		PreferencesURL: e.baseURL + "/preferences/" + s.sign(e.keyID, token.Preferences, pair),
	}
	return s.fill(&e.body, e.from, to, r, buf)
}

// fill checks and splices.
func (s *Service) fill(c *mailer.Compiled, from, to emailaddr.Address, r mailer.Recipient, buf []byte) (mailer.Message, error) {
	if err := c.Check(r); err != nil {
		return mailer.Message{}, &poisonError{err}
	}
	return mailer.Message{
		From: from.Wire(), To: to.Wire(), SMTPUTF8: to.NeedsSMTPUTF8() || from.NeedsSMTPUTF8(), Body: c.Append(buf[:0], r),
	}, nil
}

// catch turns a panic into an error of the one message that caused it.
func catch(err *error) {
	if p := recover(); p != nil {
		*err = &poisonError{fmt.Errorf("panic: %v", p)}
	}
}

// sign uses the key an edition was frozen with, so that a retry has the same
// bytes. If that key is no longer configured the newest must do: a link that
// works matters more.
func (s *Service) sign(keyID string, p token.Purpose, payload []byte) string {
	t, err := s.Keys.SignWith(keyID, p, payload)
	if errors.Is(err, token.ErrInvalid) {
		return s.Keys.Sign(p, payload)
	}
	return t
}

// messageID is a pure function of what is sent to whom and a secret: equal on
// retry, unequal across readers (A3). The right side is the sender's domain.
func (s *Service) messageID(keyID string, from emailaddr.Address, kind byte, a, b int64) string {
	payload := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64([]byte{kind}, uint64(a)), uint64(b))
	return s.sign(keyID, token.MessageID, payload) + "@" + from.Domain()
}
