package crashlab_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/mailer/smtptest"
)

// entry is one delivery as the ledger has it.
type entry struct {
	Address string
	State   delivery.State
	Doubts  int
	Tries   int
}

func (l *lab) ledger(edition int64) map[string]entry {
	l.t.Helper()
	rows, err := l.desk.Pool.Query(context.Background(), `
		SELECT r.address, d.state, d.doubts, d.tries
		FROM delivery d
		JOIN subscriber r ON r.id = d.subscriber_id
		WHERE d.edition_id = $1`, edition)
	if err != nil {
		l.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[entry])
	if err != nil {
		l.t.Fatal(err)
	}
	entries := map[string]entry{}
	for _, e := range list {
		entries[e.Address] = e
	}
	return entries
}

// mails is what the relay has accepted of the edition, by reader. The readers
// are those that seeding made; others, who sign up meanwhile, are told apart.
func (l *lab) mails() map[string][]smtptest.Mail {
	mails := map[string][]smtptest.Mail{}
	for _, m := range slices.Concat(l.past, l.relay.Journal.Mails()) {
		if strings.HasPrefix(m.To, "seed-") {
			mails[m.To] = append(mails[m.To], m)
		}
	}
	return mails
}

// inFlight lists the readers whose mail is under way by the ledger, once the
// statements of a process that was killed have ended.
func (l *lab) inFlight() (addresses []string) {
	l.t.Helper()
	until(l.t, "the killed process's last statements end", func() bool {
		return l.one(`SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()`) == 0
	})
	rows, err := l.desk.Pool.Query(context.Background(), `
		SELECT r.address
		FROM delivery d
		JOIN subscriber r ON r.id = d.subscriber_id
		WHERE d.state = 'sending'`)
	if err != nil {
		l.t.Fatal(err)
	}
	if addresses, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		l.t.Fatal(err)
	}
	return addresses
}

// finding is what holding the journal against the ledger showed.
type finding struct {
	Mails   int // accepted by the relay
	Lost    int // readers who got none
	Held    int // mails held in doubt until a person decided
	Twice   []string
	Doubted int // readers whose mail was in doubt at some time
}

// reconcile waits until an edition is settled and holds it against what the
// relay accepted. What is held in doubt is sent again, as a person might
// decide, so that in the end everybody must have the mail.
func (l *lab) reconcile(edition int64, readers int) finding {
	l.t.Helper()
	until(l.t, "the edition is settled", func() bool { return l.settled(edition) })
	l.agree(edition, readers)
	var f finding
	for ; ; f.Held++ {
		doubts, err := l.desk.Deliveries.InDoubt(context.Background(), 1)
		if err != nil {
			l.t.Fatal(err)
		}
		if len(doubts) == 0 {
			break
		}
		if err := l.desk.Deliveries.Decide(context.Background(), l.desk.Pool, doubts[0].Key(), true); err != nil {
			l.t.Fatal(err)
		}
		until(l.t, "what was held is sent again", func() bool { return l.settled(edition) })
	}
	ledger, mails := l.agree(edition, readers), l.mails()
	for address, e := range ledger {
		got := mails[address]
		f.Mails += len(got)
		switch {
		case len(got) == 0:
			f.Lost++
			l.t.Errorf("%s got nothing: %+v", address, e)
		case len(got) > 1:
			f.Twice = append(f.Twice, address)
		}
		if e.Doubts > 0 {
			f.Doubted++
		}
	}
	return f
}

// agree fails unless journal and ledger tell the same: what is sent was
// accepted, what was accepted is sent or in doubt, and what was accepted more
// than once had the same bytes and was in doubt as often.
func (l *lab) agree(edition int64, readers int) map[string]entry {
	l.t.Helper()
	ledger, mails := l.ledger(edition), l.mails()
	if len(ledger) != readers {
		l.t.Errorf("the edition has %d deliveries, there are %d readers", len(ledger), readers)
	}
	for address, e := range ledger {
		got := mails[address]
		wrong := ""
		switch {
		case e.State != delivery.Sent && e.State != delivery.Doubtful:
			wrong = "is not settled"
		case e.State == delivery.Sent && len(got) == 0:
			wrong = "is not what the relay says"
		case len(got) > 1+e.Doubts:
			wrong = "hides a repetition"
		}
		if wrong != "" {
			l.t.Errorf("%s: %+v %s: %d mails", address, e, wrong, len(got))
		}
		for _, m := range got {
			if !bytes.Equal(m.Data, got[0].Data) || m.MessageID() != got[0].MessageID() {
				l.t.Errorf("%s got different bytes under %s and %s", address, got[0].MessageID(), m.MessageID())
			}
		}
	}
	for address := range mails {
		if _, ok := ledger[address]; !ok {
			l.t.Errorf("%s got a mail that the ledger does not know", address)
		}
	}
	return ledger
}

func (f finding) String() string {
	return fmt.Sprintf("%d mails, lost %d, doubled %d, in doubt at some time %d, held for a person %d",
		f.Mails, f.Lost, len(f.Twice), f.Doubted, f.Held)
}
