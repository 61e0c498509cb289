package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/riverqueue/river"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/feed"
	"vistka/internal/guard"
	"vistka/internal/hotline"
	"vistka/internal/mailer"
	"vistka/internal/newsletter"
	"vistka/internal/subscriber"
)

// Services are what Vistka can do, each knowing only what lies below it; what
// one must set off in another is wired here.
type Services struct {
	Accounts    *account.Service
	Articles    *article.Service
	Subscribers *subscriber.Service
	Editions    *edition.Service
	Deliveries  *delivery.Service
	Hotline     *hotline.Service
	Guard       *guard.Guard

	renderer *mailer.Renderer

	metrics *prometheus.Registry
	fetcher *feed.Fetcher
	jobs    *river.Client[pgx.Tx]
}

func (a *App) build() error {
	renderer, err := mailer.NewRenderer(a.files, a.Catalog, mailer.Options{BaseURL: a.Config.BaseURL, Reload: a.Config.Dev})
	if err != nil {
		return fmt.Errorf("mail templates: %w", err)
	}
	a.renderer = renderer
	holder, err := instance(a.Config.DataDir)
	if err != nil {
		return err
	}
	a.Accounts = account.New(a.Pool, a.Keys, a.Hasher, a.Clock)
	a.fetcher = &feed.Fetcher{Allow: slices.Clone(a.Config.FeedAllow), UserAgent: "Vistka (+" + a.Config.BaseURL + ")"}
	a.Articles = &article.Service{DB: a.Pool, Fetcher: a.fetcher, Clock: a.Clock, Log: a.log}
	a.Subscribers = &subscriber.Service{
		DB: a.Pool, Keys: a.Keys, Hasher: a.Hasher, Clock: a.Clock, Log: a.log,
		Budget: a.Config.ConfirmationsPerHour, ProofOfWork: subscriber.ProofOfWork(a.Config.ProofOfWork), Taken: make(chan struct{}, 1),
		Turns: make(chan struct{}, subscriber.SignUpsAtOnce),
	}
	a.Editions = &edition.Service{DB: a.Pool, Clock: a.Clock, Keys: a.Keys, BaseURL: a.Config.BaseURL, Renderer: renderer, Log: a.log, MaxAge: a.Config.MaxAge, KeepMonths: a.Config.KeepMonths}
	a.Deliveries = &delivery.Service{
		DB: a.Pool, Keys: a.Keys, Hasher: a.Hasher, Clock: a.Clock, BaseURL: a.Config.BaseURL, Renderer: renderer, Catalog: a.Catalog, Log: a.log,
		Holder: holder, SessionURL: a.Config.DatabaseDirectURL, InDoubtWait: a.Config.InDoubtWait,
	}
	a.Hotline = &hotline.Service{DB: a.Pool, Clock: a.Clock, Catalog: a.Catalog, Log: a.log}
	a.Guard = &guard.Guard{DB: a.Pool, Clock: a.Clock, Dir: a.Config.DataDir, Name: holder, Machine: guard.MachineID(), Log: a.log}
	a.metrics = prometheus.NewRegistry()
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), a.Deliveries.Collector())
	a.Deliveries.Metrics = delivery.NewMetrics(a.metrics)
	a.wire()
	if a.jobs, err = a.newJobs(a.Pool); err != nil {
		return err
	}
	a.Articles.Jobs, a.Editions.Jobs = a.jobs, a.jobs
	return nil
}

// wire lets what happens in one part set off what follows in another, in the
// same transaction.
func (a *App) wire() {
	a.Articles.OnRelease = func(ctx context.Context, tx pgx.Tx, newsletterID, _, _ int64) error {
		return a.Editions.Released(ctx, tx, newsletterID)
	}
	a.Articles.OnWithdraw = func(ctx context.Context, tx pgx.Tx, _, articleID, _ int64) error {
		_, err := a.Editions.Withdraw(ctx, tx, articleID)
		return err
	}
	a.Articles.OnRestore = func(ctx context.Context, tx pgx.Tx, newsletterID, articleID, _ int64) error {
		if _, err := a.Editions.ReleaseAgain(ctx, tx, articleID); err != nil {
			return err
		}
		return a.Editions.Released(ctx, tx, newsletterID)
	}
	a.Articles.OnGrace = a.tellEditors
	a.Articles.LockFamily = a.Editions.LockFamily
	a.Articles.OnUnpair = func(ctx context.Context, tx pgx.Tx, newsletterID, articleID, _ int64) error {
		if _, err := a.Editions.Unpaired(ctx, tx, articleID); err != nil {
			return err
		}
		return a.Editions.Released(ctx, tx, newsletterID)
	}
	a.Subscribers.Changed = a.Editions.Released
	a.Subscribers.Notify = func(ctx context.Context, tx pgx.Tx, all ...subscriber.Notice) error {
		notices := make([]delivery.Notice, len(all))
		for i, n := range all {
			notices[i] = delivery.Notice{
				Kind: delivery.NoticeKind(n.Kind), Locale: n.Locale, NewsletterID: n.NewsletterID,
				SignupID: n.SignupID, SubscriberID: n.SubscriberID, Address: n.Address,
				Content: delivery.Content{AskedAt: n.AskedAt, About: n.About, Records: n.Records, Change: n.Change, Masked: n.Masked},
			}
		}
		return a.Deliveries.EnqueueAll(ctx, tx, notices)
	}
	a.Editions.DropIfGone = a.Articles.DropIfGone
	a.Deliveries.Compose = a.Editions.Compose
	a.Hotline.Notify, a.Hotline.Zone = a.tellDesk, a.deskZone
	a.wireAlerts()
}

// tellEditors mails the newsroom what goes out when its grace time ends, where
// the newsletter wants that.
func (a *App) tellEditors(ctx context.Context, tx pgx.Tx, g article.Grace) error {
	n, err := newsletter.Get(ctx, tx, g.NewsletterID)
	if err != nil || !n.StopNotice {
		return err
	}
	zone, err := time.LoadLocation(n.Timezone)
	if err != nil {
		zone = time.UTC // a zone Postgres knows and this build of Go does not
	}
	return a.Deliveries.TellEditors(ctx, tx, delivery.Grace{NewsletterID: n.ID, ArticleID: g.ArticleID, Title: g.Title, DueAt: g.DueAt, Zone: zone})
}

// wireAlerts lets what only a person can mend be mailed to the owners.
func (a *App) wireAlerts() {
	a.Editions.Alert = a.Deliveries.AlertOwners
	a.Subscribers.OnSpent = func(ctx context.Context, tx pgx.Tx) {
		a.Deliveries.AlertOwners(ctx, tx, delivery.Trouble{Cause: delivery.CauseBudgetSpent})
	}
	a.Guard.OnLock = func(ctx context.Context, tx pgx.Tx, _ guard.Cause) {
		a.Deliveries.AlertOwners(ctx, tx, delivery.Trouble{Cause: delivery.CauseSendingLocked})
	}
	a.Articles.OnFeedTrouble = func(ctx context.Context, tx pgx.Tx, t article.FeedTrouble) {
		cause := delivery.CauseFeedFailing
		if t.Gone {
			cause = delivery.CauseFeedGone
		}
		a.Deliveries.AlertOwners(ctx, tx, delivery.Trouble{
			Cause: cause, Object: strconv.FormatInt(t.FeedID, 10), Name: t.Name, Reason: t.Problem, NewsletterID: t.NewsletterID,
		})
	}
}

func periodicJobs() []*river.PeriodicJob {
	return slices.Concat(article.PeriodicJobs(), subscriber.PeriodicJobs(), edition.PeriodicJobs(), delivery.PeriodicJobs(), hotline.PeriodicJobs())
}

// RelaysOnLoopback says that no mail leaves this machine: no postal address is
// demanded of a newsletter then.
func (a *App) RelaysOnLoopback() bool {
	return !slices.ContainsFunc(a.relays, func(r mailer.RelayConfig) bool { return !r.Loopback() })
}

// setupURL is the link that makes the first account; empty once there is one.
func (a *App) setupURL(ctx context.Context) (string, error) {
	token, err := a.Accounts.SetupToken(ctx)
	if errors.Is(err, account.ErrSetUp) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	return a.Config.BaseURL + "/admin/setup?token=" + token, nil
}

// readyTimeout bounds the question to the database behind /readyz.
const readyTimeout = 2 * time.Second
