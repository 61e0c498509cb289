package subscriber

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/postgres"
)

// seedPage is the rows of one transaction: large enough for COPY to pay,
// small enough for a progress bar to move.
const seedPage = 10_000

// Seed makes n readers of a newsletter for trying things out, seed-000001@example.com
// and so on, over three domains that RFC 2606 reserves; running it again adds
// none. They have no consent events: nobody stands behind them. progress may
// be nil.
func (s *Service) Seed(ctx context.Context, newsletterID int64, n int, progress func(done int)) error {
	for done := 0; done < n; {
		to := min(done+seedPage, n)
		if err := s.seedPage(ctx, newsletterID, done, to); err != nil {
			return fmt.Errorf("seed newsletter %d: %w", newsletterID, err)
		}
		done = to
		if progress != nil {
			progress(done)
		}
	}
	return nil
}

func (s *Service) seedPage(ctx context.Context, newsletterID int64, from, to int) error {
	domains := [...]string{"example.com", "example.net", "example.org"}
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		providers := map[string]int64{}
		for _, d := range domains {
			var id int64
			if err := tx.QueryRow(ctx, upsertProvider, pgx.StrictNamedArgs{"domain": d}).Scan(&id); err != nil {
				return err
			}
			providers[d] = id
		}
		if _, err := tx.Exec(ctx, seedTable); err != nil {
			return err
		}
		i := from
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"seed"}, []string{"address", "address_hash", "provider_id"},
			pgx.CopyFromFunc(func() ([]any, error) {
				if i == to {
					return nil, nil
				}
				i++
				domain := domains[i%len(domains)]
				a, err := emailaddr.Parse(fmt.Sprintf("seed-%06d@%s", i, domain))
				return []any{a.String(), s.hash(a), providers[domain]}, err
			}))
		if err != nil {
			return err
		}
		now := s.Clock.Now()
		if _, err := tx.Exec(ctx, seedSubscribers, pgx.StrictNamedArgs{"newsletter": newsletterID, "now": now}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, seedSubscriptions, pgx.StrictNamedArgs{"newsletter": newsletterID, "now": now})
		return err
	})
}
