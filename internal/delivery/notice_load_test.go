package delivery

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"vistka/internal/mailer/smtptest"
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

// One that is taken brings those behind it; what is wrong with one stays with it.
func TestNoticesAreLoadedInGroups(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	var ids []int64
	for i := range noticesAhead + 10 {
		w.enqueue(Notice{Kind: Confirmation, Locale: "en", SignupID: w.signup(fmt.Sprintf("new%d@example.org", i)), NewsletterID: 1})
		ids = append(ids, int64(i+1))
	}
	w.exec(`UPDATE notice SET content = '[]' WHERE id = 2`)
	w.exec(`DELETE FROM notice WHERE id = 3`)
	l := w.loader(w.s, ids...)
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
	if len(l.ready) != 0 || len(l.loaded) != 0 {
		t.Errorf("%d are left", len(l.ready))
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
