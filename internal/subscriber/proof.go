package subscriber

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/altcha"
)

// ProofOfWork says when sign-ups are asked for work. What did none is taken all
// the same, on the share of the budget of what proves nothing.
type ProofOfWork string

// The values of the setting; the zero one is ProofOff.
const (
	ProofOff    ProofOfWork = "off"
	ProofAttack ProofOfWork = "attack" // while mails are held
	ProofAlways ProofOfWork = "always"
)

func (p ProofOfWork) on() bool { return p == ProofAttack || p == ProofAlways }

// asks reports whether only work counts as a proof now.
func (p ProofOfWork) asks(attacked bool) bool {
	return p == ProofAlways || p == ProofAttack && attacked
}

// Work is what a browser is asked for at present, the same of everybody.
type Work struct {
	Taken bool // a solution counts for something, now or as soon as mails are held
	Asked bool // without one a sign-up proves nothing
	Hard  bool // mails are held
}

// Work looks it up.
func (s *Service) Work(ctx context.Context) (Work, error) {
	if !s.ProofOfWork.on() {
		return Work{}, nil
	}
	var attacked bool
	if err := s.DB.QueryRow(ctx, underAttack).Scan(&attacked); err != nil {
		return Work{}, fmt.Errorf("look for attack mode: %w", err)
	}
	return Work{Taken: true, Asked: s.ProofOfWork.asks(attacked), Hard: attacked}, nil
}

// args are the parameters that say what proves something: the mode, and the
// post's proof, of which none counts while work is off.
func (p ProofOfWork) args(o Origin) pgx.StrictNamedArgs {
	if !p.on() {
		o.Mailed, o.Proof = false, altcha.Proof{}
	}
	return pgx.StrictNamedArgs{
		"proof_of_work": string(p), "mailed": o.Mailed, "challenge": o.Proof.Challenge, "challenge_expires": o.Proof.Expires,
	}
}
