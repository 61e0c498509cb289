package delivery

import (
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"vistka/internal/mailer/smtptest"
)

func TestMetrics(t *testing.T) {
	w := newWorld(t, smtptest.Options{})
	registry := prometheus.NewPedanticRegistry()
	w.s.Metrics = NewMetrics(registry)
	registry.MustRegister(w.s.Collector())
	w.deliver("a@example.org")
	w.deliver("b@example.org")
	w.untilState(w.deliverAndStart("450@example.org"), Deferred)
	w.until("both are sent", func() bool { return w.count("delivery WHERE state = 'sent'") == 2 })
	relay := w.s.Relays[0].Name()
	want := strings.ReplaceAll(`
		# HELP vistka_database_up Whether the database answered in time.
		# TYPE vistka_database_up gauge
		vistka_database_up 1
		# HELP vistka_relay_answers_total Last words of a relay about a mail, by stage of the dialogue and first digit of the reply; class 0: none came. Stage final, class 2: accepted.
		# TYPE vistka_relay_answers_total counter
		vistka_relay_answers_total{class="2",relay="RELAY",stage="final"} 2
		vistka_relay_answers_total{class="4",relay="RELAY",stage="RCPT"} 1
		# HELP vistka_relay_state 1 for the state a relay is in: ready, down, spent (its daily limit), idle (no process sends through it).
		# TYPE vistka_relay_state gauge
		vistka_relay_state{relay="RELAY",state="down"} 0
		vistka_relay_state{relay="RELAY",state="idle"} 0
		vistka_relay_state{relay="RELAY",state="ready"} 1
		vistka_relay_state{relay="RELAY",state="spent"} 0
	`, "RELAY", relay)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "vistka_database_up", "vistka_relay_answers_total", "vistka_relay_state"); err != nil {
		t.Error(err)
	}
	if n := testutil.ToFloat64(w.s.Metrics.inFlight.WithLabelValues(relay)); n != 0 {
		t.Errorf("%v in flight", n)
	}
	problems, err := testutil.GatherAndLint(registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func (w *world) deliverAndStart(address string) int64 {
	id := w.deliver(address)
	w.start(w.s)
	return id
}
