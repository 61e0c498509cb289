package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"vistka/internal/mailer/smtptest"
	"vistka/internal/subscriber"
)

// loader is one whose queue holds these notices.
func (w *world) loader(s *Service, ids ...int64) *noticeLoader {
	q := newQueue(1)
	for _, id := range ids {
		q.add(&item{Key: Key{Notice: id}})
	}
	return newNoticeLoader(s, q)
}

// next takes the next of the queue, as a worker does.
func (l *noticeLoader) next(t *testing.T) (int64, loadedNotice, error) {
	it, _ := l.queue.take(func(*item) bool { return true })
	if it == nil {
		return 0, loadedNotice{}, errors.New("nothing is left in the queue")
	}
	n, err := l.take(t.Context(), it.Notice)
	return it.Notice, n, err
}

// confirmations queues so many, to new0@example.org and so on, and returns their ids.
func (w *world) confirmations(n int) (ids []int64) {
	for i := range n {
		w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: w.signup(fmt.Sprintf("new%d@example.org", i)), NewsletterID: 1})
		ids = append(ids, int64(i+1))
	}
	return ids
}

// One that is taken brings those behind it; what is wrong with one stays with it.
func TestNoticesAreLoadedInGroups(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	ids := w.confirmations(noticesAhead + 10)
	w.exec(`UPDATE notice SET content = '[]' WHERE id = 2`)
	w.exec(`DELETE FROM notice WHERE id = 3`)
	l := w.loader(w.s, ids...)
	l.ahead = noticesAhead
	if _, n, err := l.next(t); err != nil || n.Address != "new0@example.org" || n.facts.Name != "The News" {
		t.Fatalf("%+v, %v", n, err)
	}
	// The first and those ahead, without the two that are spoiled.
	if n := w.count("notice WHERE facts IS NOT NULL"); n != 1+noticesAhead-2 {
		t.Errorf("%d are frozen", n)
	}
	var poison *poisonError
	if _, _, err := l.next(t); !errors.As(err, &poison) {
		t.Errorf("one with content that cannot be read: %v", err)
	}
	if _, _, err := l.next(t); !errors.Is(err, errGone) {
		t.Errorf("one that is gone: %v", err)
	}
	for range ids[3:] {
		id, n, err := l.next(t)
		if want := fmt.Sprintf("new%d@example.org", id-1); err != nil || n.Address != want || n.SignupID != id {
			t.Fatalf("notice %d: %+v, %v, want one to %s", id, n, err, want)
		}
	}
	if len(l.ready) != 0 {
		t.Errorf("%d are left", len(l.ready))
	}
}

// As many are read ahead as go while they are fresh: where each waits for its
// turn no other is read with it, and none gets a Date before its time.
func TestNoticesAreReadAheadAsFastAsTheyGo(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	l := w.loader(w.s, w.confirmations(40)...)
	take := func(want int) {
		t.Helper()
		if _, _, err := l.next(t); err != nil {
			t.Fatal(err)
		}
		if n := w.count("notice WHERE facts IS NOT NULL"); n != want {
			t.Errorf("%d are frozen, want %d", n, want)
		}
	}
	slow := func() {
		for id, n := range l.ready {
			n.at = n.at.Add(-2 * noticeFresh)
			l.ready[id] = n
		}
	}
	take(1)
	take(3)
	take(3)
	take(7)
	slow()
	take(7) // read again, alone
	if len(l.ready) != 0 {
		t.Errorf("%d were read with it", len(l.ready))
	}
	take(7) // and two of those that were read in vain
	take(7)
	take(11)
}

// A notice is as old as its first try, not as the relay's absence.
func TestNoticeIsDatedWhenTheRelayIsThere(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	refused, back := make(chan struct{}, 1), make(chan struct{})
	w.lab.Script(func(e smtptest.Event) smtptest.Action {
		if e.Stage != smtptest.Banner {
			return smtptest.Action{}
		}
		select {
		case <-back:
			return smtptest.Action{}
		case refused <- struct{}{}:
		default:
		}
		return smtptest.Action{Reply: "421 4.3.2 not now", Close: true}
	})
	w.confirmations(1)
	w.start(w.s)
	<-refused
	w.clock.Advance(3 * time.Hour)
	close(back)
	w.untilNotice(1, Sent)
	date := w.lab.Journal.Mails()[0].Header("Date")
	if at, err := mail.ParseDate(date); err != nil || !at.Equal(w.clock.Now()) {
		t.Errorf("dated %s, want %s", date, w.clock.Now())
	}
}

// Those who are welcomed to one newsletter together see the same articles, which
// are read once.
func TestArticlesOfWelcomesAreReadOnce(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	for i := range 10 {
		w.enqueue(Notice{Kind: Welcome, Locale: []string{"en", "uk"}[i%2], SubscriberID: w.reader(fmt.Sprintf("r%d@example.org", i)), NewsletterID: 1})
	}
	config := w.db.Config()
	read := &counter{of: "\nSELECT title, url"}
	config.ConnConfig.Tracer = read
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	w.s.DB = pool
	got, err := w.s.loadNotices(t.Context(), []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range got {
		if len(n.facts.Articles) != 1 || n.facts.Articles[0].Title != "An article" {
			t.Errorf("notice %d shows %+v", id, n.facts.Articles)
		}
	}
	if n := read.n.Load(); n != 1 || len(got) != 10 {
		t.Errorf("read %d times for %d", n, len(got))
	}
}

// counter counts the statements that begin so.
type counter struct {
	of string
	n  atomic.Int64
}

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	if strings.HasPrefix(data.SQL, c.of) {
		c.n.Add(1)
	}
	return ctx
}

func (*counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// Two that freeze the same notices lock them in one order, whichever they were
// asked for in: neither waits for the other in vain.
func TestNoticesAreLockedInOrder(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	w.confirmations(3)
	w.exec(`UPDATE notice SET tries = 0 WHERE id = 1`) // they lie as 3, 1, 2 now
	w.exec(`UPDATE notice SET tries = 0 WHERE id = 2`)
	held, err := w.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback(context.Background())
	lock := func(id int) error {
		_, err := held.Exec(t.Context(), `SELECT FROM notice WHERE id = $1 FOR UPDATE NOWAIT`, id)
		return err
	}
	if err := lock(2); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		now := w.clock.Now()
		_, err := w.db.Exec(context.Background(), sqlNoticeFreeze, pgx.StrictNamedArgs{
			"within": subscriber.ConfirmWithin,
			"ids":    []int64{3, 2, 1}, "times": []time.Time{now, now, now}, "keys": []string{"k", "k", "k"}, "facts": []string{"{}", "{}", "{}"},
		})
		done <- err
	}()
	w.untilLocked()
	if err := lock(3); err != nil {
		t.Errorf("the last was locked before the second: %v", err)
	}
	if err := held.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := w.count("notice WHERE facts IS NOT NULL"); n != 3 {
		t.Errorf("%d are frozen", n)
	}
}

// Two senders that load the same notices at the same time make the same bytes.
func TestOneNoticeIsFrozenOnce(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	reader := w.reader("reader@example.org")
	var ids []int64
	for i := range 20 {
		n := Notice{Kind: Confirmation, Locale: "en", SignupID: w.signup(fmt.Sprintf("new%d@example.org", i)), NewsletterID: 1}
		if i%5 == 0 {
			n = Notice{Kind: Welcome, Locale: "en", SubscriberID: reader, NewsletterID: 1}
		}
		w.enqueue(n)
		ids = append(ids, int64(i+1))
	}
	other := w.service("there")
	other.BaseURL = "https://elsewhere.example"
	var mails [2]map[int64]string
	var group sync.WaitGroup
	for i, s := range []*Service{w.s, other} {
		mails[i] = map[int64]string{}
		l := w.loader(s, ids...)
		group.Go(func() {
			for range ids {
				id, n, err := l.next(t)
				if err != nil {
					t.Error(err)
					return
				}
				m, _, err := s.composeNotice(n, nil)
				if err != nil {
					t.Error(err)
					return
				}
				mails[i][id] = string(m.Body)
			}
		})
	}
	group.Wait()
	for _, id := range ids {
		if a, b := mails[0][id], mails[1][id]; a == "" || a != b {
			t.Errorf("notice %d:\n%s\nand\n%s", id, a, b)
		}
	}
}
