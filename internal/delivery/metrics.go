package delivery

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"vistka/internal/mailer"
)

// Metrics are the sender's figures for Prometheus. None has a label for a
// reader or an edition.
type Metrics struct {
	answers     *prometheus.CounterVec // relay, stage, class
	inFlight    *prometheus.GaugeVec   // relay
	connections *prometheus.GaugeVec   // relay
	groups      prometheus.Histogram
	commits     prometheus.Histogram
}

// NewMetrics registers the sender's figures; a nil registry: they are kept and nobody sees them.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		answers: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vistka_relay_answers_total",
			Help: "Last words of a relay about a mail, by stage of the dialogue and first digit of the reply; class 0: none came. Stage final, class 2: accepted.",
		}, []string{"relay", "stage", "class"}),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "vistka_relay_in_flight", Help: "Mails whose attempt is committed and whose answer is awaited.",
		}, []string{"relay"}),
		connections: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "vistka_relay_connections", Help: "Open connections to a relay.",
		}, []string{"relay"}),
		groups: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vistka_commit_group_requests", Help: "Requests of connections committed together.",
			Buckets: []float64{1, 2, 4, 8, 16, 32, 64, 128, 256},
		}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "vistka_commit_group_seconds", Help: "Time of one commit of outcomes and attempts, with every retry while the database is away.",
			Buckets: []float64{.0005, .001, .002, .004, .008, .016, .032, .064, .128, .5, 2, 15},
		}),
	}
	if r != nil {
		r.MustRegister(m.answers, m.inFlight, m.connections, m.groups, m.commits)
	}
	return m
}

// meter is one relay's part of the metrics.
type meter struct {
	*Metrics
	relay string

	inFlight, connections prometheus.Gauge
	accepted              prometheus.Counter
}

func (m *Metrics) of(relay string) *meter {
	return &meter{
		Metrics: m, relay: relay, inFlight: m.inFlight.WithLabelValues(relay), connections: m.connections.WithLabelValues(relay),
		accepted: m.answers.WithLabelValues(relay, string(mailer.StageFinal), "2"),
	}
}

func (m *meter) answer(r mailer.Reply) {
	if r.Stage == mailer.StageFinal && r.Code/100 == 2 {
		m.accepted.Inc() // nearly all of them: without a look-up
		return
	}
	m.answers.WithLabelValues(m.relay, string(r.Stage), strconv.Itoa(r.Code/100)).Inc()
}

// backlogFor is how long one count of the backlog serves every scrape: it reads
// each mail that waits.
const backlogFor = 15 * time.Second

// Collector counts at each scrape what waits and how the relays are, from the
// database, so that any replica tells of the whole. Without an answer within two
// seconds vistka_database_up is 0 and the rest is left out.
func (s *Service) Collector() prometheus.Collector { return &collector{s: s} }

type collector struct {
	s *Service

	mu      sync.Mutex
	at      time.Time
	backlog Backlog
	relays  []RelayState
	up      bool
}

var (
	descUp    = prometheus.NewDesc("vistka_database_up", "Whether the database answered in time.", nil, nil)
	descQueue = prometheus.NewDesc("vistka_mails", "Mails by what they wait for: queued and deferred deliveries, notices, doubtful (sent again by themselves), held (a person decides), failed (notices of a week).", []string{"state"}, nil)
	descAge   = prometheus.NewDesc("vistka_queue_age_seconds", "Age of the oldest edition or notice that has mails waiting; 0: none waits.", nil, nil)
	descRelay = prometheus.NewDesc("vistka_relay_state", "1 for the state a relay is in: ready, down, spent (its daily limit), idle (no process sends through it).", []string{"relay", "state"}, nil)
)

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descUp, descQueue, descAge, descRelay} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.s.Clock.Now()
	if !c.up || now.Sub(c.at) >= backlogFor || now.Before(c.at) {
		c.read(now)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	if !c.up {
		gauge(descUp, 0)
		return
	}
	gauge(descUp, 1)
	for state, n := range map[string]int64{
		"queued": c.backlog.Queued, "deferred": c.backlog.Deferred, "notices": c.backlog.Notices,
		"doubtful": c.backlog.Doubtful, "held": c.backlog.Held, "failed": c.backlog.Failed,
	} {
		gauge(descQueue, float64(n), state)
	}
	age := 0.0
	if c.backlog.Oldest != nil {
		age = max(now.Sub(*c.backlog.Oldest).Seconds(), 0)
	}
	gauge(descAge, age)
	for _, r := range c.relays {
		state := r.State
		if !r.Driven {
			state = "idle"
		}
		for _, s := range []string{ready, down, spent, "idle"} {
			v := 0.0
			if s == state {
				v = 1
			}
			gauge(descRelay, v, r.Name, s)
		}
	}
}

func (c *collector) read(now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var err error
	if c.backlog, err = c.s.Backlog(ctx); err == nil {
		c.relays, err = c.s.RelayStates(ctx)
	}
	c.at, c.up = now, err == nil
	if err != nil {
		c.s.Log.Warn("metrics: the database does not answer", "error", err)
	}
}
