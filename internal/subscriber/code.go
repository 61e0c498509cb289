package subscriber

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
	"vistka/internal/token"
)

// ConfirmCode confirms by the six digits of the mail, on the page of that very
// sign-up only. Outcomes beside those of Confirm: WrongCode with TriesLeft,
// NoCode for what is no six digits and costs no try, CodeSpent from the fifth wrong try on, or after 30 minutes. A spent code leaves the link good.
func (s *Service) ConfirmCode(ctx context.Context, sealed, code string, ev Evidence) (Confirmation, error) {
	h, err := s.open(sealed)
	if err != nil {
		return Confirmation{Outcome: Invalid}, nil
	}
	if s.Clock.Now().Sub(h.sentAt) > codeWithin {
		return Confirmation{Outcome: CodeSpent}, nil
	}
	return s.confirmBy(ctx, h, code, ev)
}

// ConfirmCodeAt is ConfirmCode on the page behind the mail's link, for whom that
// page takes for a program. The link is proof enough, so the code has no time
// to run out; its five tries are the same.
func (s *Service) ConfirmCodeAt(ctx context.Context, link, code string, ev Evidence) (Confirmation, error) {
	id, generation, err := s.signup(token.Confirm, link)
	if err != nil {
		return Confirmation{Outcome: Invalid}, nil
	}
	return s.confirmBy(ctx, handle{signupID: id, generation: generation}, code, ev)
}

func (s *Service) confirmBy(ctx context.Context, h handle, code string, ev Evidence) (Confirmation, error) {
	if !token.IsSixDigits(code) {
		return Confirmation{Outcome: NoCode}, nil
	}
	var c Confirmation
	err := postgres.InTx(ctx, s.DB, func(tx pgx.Tx) (err error) {
		c, err = s.confirmCode(ctx, tx, h, code, ev)
		return err
	})
	if err != nil {
		return Confirmation{}, fmt.Errorf("confirm sign-up %d by code: %w", h.signupID, err)
	}
	return c, nil
}

// confirmCode counts the try before it looks at the code, in the row that
// others who guess must wait for.
func (s *Service) confirmCode(ctx context.Context, tx pgx.Tx, h handle, code string, ev Evidence) (Confirmation, error) {
	var tries int
	err := tx.QueryRow(ctx, tryCode, pgx.StrictNamedArgs{"id": h.signupID, "generation": h.generation, "tries": codeTries}).Scan(&tries)
	if errors.Is(err, pgx.ErrNoRows) {
		if h.signupID == 0 { // the honeypot's: no row counts its tries, and it must look like any other
			return Confirmation{Outcome: WrongCode}, nil
		}
		return Confirmation{Outcome: CodeSpent}, nil
	}
	if err != nil {
		return Confirmation{}, err
	}
	if !s.Keys.CheckSixDigits(token.Code, token.Pair(uint32(h.generation), uint64(h.signupID)), code) {
		if tries == codeTries { // said at once, so that no page asks for what cannot work
			return Confirmation{Outcome: CodeSpent}, nil
		}
		return Confirmation{Outcome: WrongCode, TriesLeft: codeTries - tries}, nil
	}
	c, err := s.confirm(ctx, tx, h.signupID, h.generation, "code", ev)
	if c.Outcome == Confirmed || c.Outcome == Already {
		c.Link = ConfirmToken(s.Keys, h.signupID, h.generation)
	}
	return c, err
}
