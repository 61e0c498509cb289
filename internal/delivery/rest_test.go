package delivery

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"vistka/internal/mailer/smtptest"
)

// An answer of the database that was lost while an edition was composed does not
// hold its mails up: it is soon tried again.
func TestLostAnswerWhileComposing(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.exec(`CREATE TABLE composed AS SELECT * FROM edition_body`)
	w.exec(`DELETE FROM edition_body`)
	var tries atomic.Int64
	w.s.Compose = func(ctx context.Context, _ int64) error {
		if tries.Add(1) <= 2 {
			return errors.New("unexpected EOF")
		}
		_, err := w.db.Exec(ctx, `INSERT INTO edition_body SELECT * FROM composed`)
		return err
	}
	reader := w.deliver("a@example.org")
	w.start(w.s)
	w.untilState(reader, Sent)
	if n := tries.Load(); n != 3 {
		t.Errorf("composed at try %d, want 3", n)
	}
}
