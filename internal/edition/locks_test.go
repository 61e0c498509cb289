package edition

import (
	"context"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"

	articles "vistka/internal/article"
	"vistka/internal/emailaddr"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// Acts that lock what fan-out refers to by foreign key begin while it decides
// about a reader, and wait for it. Neither may become the victim of a deadlock:
// a person would be shown an error for nothing.
func TestActsInMidFanOutMeetNoDeadlock(t *testing.T) {
	t.Parallel()
	acts := map[string]func(s *stage, articleID int64) error{
		"withdraw": func(s *stage, articleID int64) error {
			news := &articles.Service{DB: s.pool, Clock: s.clock}
			news.OnWithdraw = func(ctx context.Context, tx pgx.Tx, _, articleID, _ int64) error {
				_, err := s.svc.Withdraw(ctx, tx, articleID)
				return err
			}
			return news.Withdraw(s.t.Context(), articleID, 0, "a mistake")
		},
		"erase": func(s *stage, _ int64) error {
			var raw string
			if err := s.pool.QueryRow(s.t.Context(), `SELECT address FROM subscriber WHERE id = $1`, s.readers[0]).Scan(&raw); err != nil {
				return err
			}
			address, err := emailaddr.Parse(raw)
			if err != nil {
				return err
			}
			people := &subscriber.Service{DB: s.pool, Clock: s.clock, Hasher: token.NewHasher([]byte("0123456789abcdef0123456789abcdef"))}
			_, err = people.Erase(s.t.Context(), s.pool, address)
			return err
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			s.subscribe(0, 0, "instant")
			s.subscribe(1, 0, "instant")
			_, story := s.publish(0, 0)
			s.run(0)
			english, _ := s.publish(1, story)
			done := make(chan error, 1)
			decided := 0
			s.svc.seam.had = func(string) bool { // the page's locks are held; what it owes is not written yet
				if decided++; decided == 1 {
					go func() { done <- act(s, english) }()
					for s.count(`SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`) == 0 {
						runtime.Gosched()
					}
				}
				return false
			}
			s.run(1)
			if err := <-done; err != nil {
				t.Errorf("the act: %v", err)
			}
			s.want("times the reader was decided", decided, 1)
		})
	}
}
