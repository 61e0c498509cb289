package delivery

import (
	"strings"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// Settings that are changed before their mail goes are told as they are then,
// and nothing is said of them to who has left. What may have been accepted is not
// said otherwise under the same Message-ID.
func TestSettingsNoticeSaysWhatIsSo(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	names := []string{"same", "changed", "paused", "left", "doubtful"}
	var ids []int64
	readers := map[string]int64{}
	for i, name := range names {
		readers[name] = w.reader(name + "@example.org")
		w.enqueue(Notice{Kind: Settings, Locale: "en", SubscriberID: readers[name], NewsletterID: 1, Content: Content{AskedAt: w.clock.Now()}})
		ids = append(ids, int64(i+1))
	}
	if _, err := w.s.loadNotices(t.Context(), ids); err != nil {
		t.Fatal(err)
	}
	w.exec(`UPDATE subscription SET cadence = 'weekly' WHERE subscriber_id = ANY($1)`, []int64{readers["changed"], readers["doubtful"]})
	w.exec(`UPDATE subscription SET paused_until = $2, zone = 'America/New_York' WHERE subscriber_id = $1`, readers["paused"], time.Date(2227, 1, 12, 5, 0, 0, 0, time.UTC))
	w.exec(`UPDATE subscription SET state = 'ended', ended_at = now() WHERE subscriber_id = $1`, readers["left"])
	w.exec(`UPDATE notice SET state = 'in doubt', doubts = 1 WHERE id = 5`)
	w.start(w.s)
	for i, want := range []State{Sent, Sent, Sent, Cancelled} {
		w.untilNotice(ids[i], want)
	}
	w.until("the doubt is held", func() bool {
		return w.count("notice WHERE id = 5 AND state = 'in doubt' AND settled_at IS NOT NULL") == 1
	})
	for name, words := range map[string]string{
		"same": "as soon as an article is published", "changed": "We write to you once a week", "paused": "The subscription is paused until 12 January 2227",
	} {
		mails := w.lab.Journal.To(name + "@example.org")
		if len(mails) != 1 || !strings.Contains(strings.ReplaceAll(string(mails[0].Data), "=\r\n", ""), words) {
			t.Errorf("%s: %d mails, without %q", name, len(mails), words)
		}
	}
	if n := w.lab.Journal.Len(); n != 3 {
		t.Errorf("%d mails in all", n)
	}
}
