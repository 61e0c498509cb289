package subscriber

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/postgres"
)

// gate is since when the budget is spent; nil: it is not.
type gate struct {
	spent      *time.Time // attack mode
	unattested *time.Time // the share of what proves nothing
	empty      *time.Time // all of it, the reserve apart
}

// judgeGate opens or closes the gate by what is left and what waits. Attack
// mode begins when mails have to wait, because the budget is spent or because
// one domain is flooded; it ends when there is room and nothing waits.
func (s *Service) judgeGate(ctx context.Context, tx pgx.Tx, was gate, b *budget, now time.Time) error {
	if _, err := tx.Exec(ctx, letGoOfHeld, pgx.StrictNamedArgs{"before": now.Add(-holdFor)}); err != nil {
		return err
	}
	var attested, unattested int
	args := pgx.StrictNamedArgs{"limit": b.perHour, "asked": s.ProofOfWork.asks(was.spent != nil)}
	if err := tx.QueryRow(ctx, countHeld, args).Scan(&attested, &unattested); err != nil {
		return err
	}
	flood := attested > b.domainShare() || unattested > b.domainShare()
	is := gate{
		spent:      since(was.spent, b.room() <= 0 || flood || was.spent != nil && attested > 0, now),
		unattested: since(was.unattested, b.unattestedRoom() <= 0, now),
		empty:      since(was.empty, b.room() <= 0, now),
	}
	if (is.spent == nil) == (was.spent == nil) && (is.unattested == nil) == (was.unattested == nil) &&
		(is.empty == nil) == (was.empty == nil) {
		return nil
	}
	if _, err := tx.Exec(ctx, setGate, pgx.StrictNamedArgs{"spent": is.spent, "unattested": is.unattested, "empty": is.empty}); err != nil {
		return err
	}
	switch {
	case is.spent != nil && was.spent == nil:
		s.Log.Warn("confirmations are held: the hour's budget is spent", "budget", b.perHour)
		if s.OnSpent != nil {
			s.OnSpent(ctx, tx)
		}
	case is.spent == nil && was.spent != nil:
		s.Log.Info("confirmations go out at once again", "budget", b.perHour)
	}
	return nil
}

func since(was *time.Time, now bool, at time.Time) *time.Time {
	switch {
	case !now:
		return nil
	case was != nil:
		return was
	}
	return &at
}

// Meter is how much of the budget of confirmation mails is spent.
type Meter struct {
	Budget     int        // an hour
	Spent      int        // in the last hour
	Held       int        // wait for room
	LetGo      int        // waited for a day, and none was mailed
	SpentSince *time.Time // attack mode; nil: mails go out at once
}

// Meter reads it.
func (s *Service) Meter(ctx context.Context, db postgres.DB) (Meter, error) {
	m, now := Meter{Budget: s.Budget}, s.Clock.Now()
	if m.Budget == 0 {
		m.Budget = DefaultBudget
	}
	args := pgx.StrictNamedArgs{"since": now.Truncate(time.Minute).Add(-budgetWindow), "now": now}
	if err := db.QueryRow(ctx, gateMeter, args).Scan(&m.Spent, &m.Held, &m.LetGo, &m.SpentSince); err != nil {
		return m, fmt.Errorf("budget of confirmations: %w", err)
	}
	return m, nil
}
