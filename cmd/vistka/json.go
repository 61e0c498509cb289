package main

import (
	"strings"
	"time"

	"vistka/internal/app"
	"vistka/internal/article"
	"vistka/internal/delivery"
	"vistka/internal/guard"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
)

// What --json prints, for scripts. The documents are ours and not the packages'
// structs, so that a name in the code can change without breaking a script.
// Keys are lower case with underscores, states are the words of the tables,
// lengths of time are seconds, sentences are English, and a list is never null.

type jsonNewsletter struct {
	ID             int64             `json:"id"`
	FamilyID       int64             `json:"family_id"` // the same in translations of each other
	Slug           string            `json:"slug"`
	State          string            `json:"state"` // active, archived
	Name           string            `json:"name"`
	Description    string            `json:"description"`
	Language       string            `json:"language"`
	FromName       string            `json:"from_name"`
	FromAddress    string            `json:"from_address"`
	ReplyTo        string            `json:"reply_to"`
	PostalAddress  string            `json:"postal_address"`
	SiteURL        string            `json:"site_url"`
	PrivacyURL     string            `json:"privacy_url"`
	LogoURL        string            `json:"logo_url"`
	Accent         string            `json:"accent"`
	Origins        []string          `json:"origins"`
	Thanks         map[string]string `json:"thanks"` // by language
	DefaultCadence string            `json:"default_cadence"`
	Timezone       string            `json:"timezone"`
	Hour           int16             `json:"hour"`
	Grace          float64           `json:"grace_seconds"`
	Late           float64           `json:"late_seconds"`
	Wait           float64           `json:"wait_seconds"`
	Welcome        bool              `json:"welcome"`
	LastSeq        int64             `json:"last_seq"` // articles released so far
	CreatedAt      time.Time         `json:"created_at"`
	ArchivedAt     *time.Time        `json:"archived_at"`
}

func newsletterAsJSON(n newsletter.Newsletter) jsonNewsletter {
	return jsonNewsletter{
		ID: n.ID, FamilyID: n.FamilyID, Slug: n.Slug, State: newsletterState(n), Name: n.Name, Description: n.Description, Language: n.Language,
		FromName: n.FromName, FromAddress: n.FromAddress, ReplyTo: n.ReplyTo, PostalAddress: n.PostalAddress,
		SiteURL: n.SiteURL, PrivacyURL: n.PrivacyURL, LogoURL: n.LogoURL, Accent: n.Accent, Origins: list(n.Origins), Thanks: n.Thanks,
		DefaultCadence: n.DefaultCadence, Timezone: n.Timezone, Hour: n.Hour,
		Grace: n.Grace.Seconds(), Late: n.Late.Seconds(), Wait: n.Wait.Seconds(), Welcome: n.Welcome,
		LastSeq: n.LastSeq, CreatedAt: n.CreatedAt, ArchivedAt: n.ArchivedAt,
	}
}

type jsonFeed struct {
	ID           int64           `json:"id"`
	Newsletter   string          `json:"newsletter"` // slug
	URL          string          `json:"url"`
	Title        string          `json:"title"`
	SiteURL      string          `json:"site_url"`
	State        string          `json:"state"` // active, paused, gone; archived with its newsletter
	Entries      int             `json:"entries"`
	Filters      article.Filters `json:"filters"`
	PollInterval float64         `json:"poll_interval_seconds"`
	NextPollAt   time.Time       `json:"next_poll_at"`
	PolledAt     *time.Time      `json:"polled_at"`
	GoodAt       *time.Time      `json:"good_at"`
	BaselineAt   *time.Time      `json:"baseline_at"`
	Failures     int             `json:"failures"`
	Problem      string          `json:"problem"`
	Warning      string          `json:"warning"`
	WarningAt    *time.Time      `json:"warning_at"`
}

func feedAsJSON(a *app.App, f article.FeedRow, n newsletter.Newsletter) jsonFeed {
	return jsonFeed{
		ID: f.ID, Newsletter: n.Slug, URL: f.URL, Title: f.Title, SiteURL: f.SiteURL, State: feedState(f, n), Entries: f.Entries, Filters: f.Filters,
		PollInterval: f.PollInterval.Seconds(), NextPollAt: f.NextPollAt, PolledAt: f.PolledAt, GoodAt: f.GoodAt, BaselineAt: f.BaselineAt,
		Failures: f.Failures, Problem: english(a, f.Problem), Warning: english(a, f.Warning), WarningAt: f.WarningAt,
	}
}

type jsonPoll struct {
	FeedID      int64      `json:"feed_id"`
	NotModified bool       `json:"not_modified"`
	Entries     int        `json:"entries"`
	Known       int        `json:"known"`
	Baseline    int        `json:"baseline"`
	New         int        `json:"new"`
	Held        int        `json:"held"`
	Never       int        `json:"never"`
	Gap         bool       `json:"gap"` // nothing of the last poll was left: some may have been missed
	Problem     string     `json:"problem"`
	NextPollAt  *time.Time `json:"next_poll_at"` // null where it is not polled
}

func pollAsJSON(r article.PollResult, problem string) jsonPoll {
	out := jsonPoll{
		FeedID: r.FeedID, NotModified: r.NotModified, Entries: r.Entries, Known: r.Known, Baseline: r.Baseline,
		New: r.New, Held: r.Held, Never: r.Never, Gap: r.Gap, Problem: problem,
	}
	if !r.Next.IsZero() {
		out.NextPollAt = &r.Next
	}
	return out
}

type jsonAdded struct {
	FeedID  int64    `json:"feed_id"`
	URL     string   `json:"url"`
	Title   string   `json:"title"`
	Already bool     `json:"already"`
	Poll    jsonPoll `json:"poll"`
}

type jsonCheck struct {
	URL      string        `json:"url"`
	Title    string        `json:"title"`
	SiteURL  string        `json:"site_url"`
	Language string        `json:"language"`
	Verdicts []jsonVerdict `json:"verdicts"`
	Remarks  []string      `json:"remarks"`
}

type jsonVerdict struct {
	Title       string        `json:"title"`
	URL         string        `json:"url"`
	PublishedAt *time.Time    `json:"published_at"`
	State       article.State `json:"state"`
	Known       bool          `json:"known"`
	Reason      string        `json:"reason"`
}

func checkAsJSON(a *app.App, c article.Check) jsonCheck {
	out := jsonCheck{URL: c.URL, Title: c.Title, SiteURL: c.SiteURL, Language: c.Language, Verdicts: []jsonVerdict{}, Remarks: []string{}}
	for _, v := range c.Verdicts {
		out.Verdicts = append(out.Verdicts, jsonVerdict{v.Title, v.URL, v.PublishedAt, v.State, v.Known, english(a, &v.Reason)})
	}
	for _, remark := range c.Remarks {
		out.Remarks = append(out.Remarks, english(a, &remark))
	}
	return out
}

type jsonEdition struct {
	ID         int64            `json:"id"`
	Newsletter string           `json:"newsletter"` // slug
	Kind       string           `json:"kind"`
	Slot       time.Time        `json:"slot"`
	Locale     string           `json:"locale"`
	ArticleIDs []int64          `json:"article_ids"`
	State      string           `json:"state"` // open, paused, cancelled, expired, settled
	Reason     string           `json:"reason"`
	ResumeAt   *time.Time       `json:"resume_at"`
	CreatedAt  time.Time        `json:"created_at"`
	DroppedAt  *time.Time       `json:"dropped_at"`
	Deliveries map[string]int64 `json:"deliveries"` // by state, each of them
}

func editionAsJSON(e listedEdition) jsonEdition {
	deliveries := map[string]int64{}
	for _, state := range deliveryStates {
		deliveries[strings.ReplaceAll(state, " ", "_")] = e.Counts[state]
	}
	return jsonEdition{
		ID: e.ID, Newsletter: e.Newsletter, Kind: e.Kind, Slot: e.Slot, Locale: e.Locale, ArticleIDs: list(e.ArticleIDs),
		State: e.State, Reason: e.Reason, ResumeAt: e.OwedUntil(), CreatedAt: e.CreatedAt, DroppedAt: e.DroppedAt, Deliveries: deliveries,
	}
}

type jsonProgress struct {
	jsonEdition
	Rate    float64      `json:"rate_per_second"`
	Left    float64      `json:"left_seconds"` // 0: cannot be told
	NextTry *time.Time   `json:"next_try_at"`
	HoldUps []jsonHoldUp `json:"hold_ups"`
}

type jsonHoldUp struct {
	Kind  delivery.HoldUpKind `json:"kind"`
	Name  string              `json:"name"`
	Words string              `json:"words"`
	Mails int64               `json:"mails"`
	Until *time.Time          `json:"until"`
}

func progressAsJSON(e shownEdition) jsonProgress {
	out := jsonProgress{
		jsonEdition: editionAsJSON(listedEdition{Edition: e.Edition, Reason: e.Reason, Newsletter: e.Newsletter, Counts: e.Counts}),
		Rate:        e.Rate, Left: e.Left.Seconds(), NextTry: e.NextTry, HoldUps: []jsonHoldUp{},
	}
	for _, h := range e.HoldUps {
		out.HoldUps = append(out.HoldUps, jsonHoldUp(h))
	}
	return out
}

type jsonDoubt struct {
	Ref          string     `json:"ref"`
	NoticeID     int64      `json:"notice_id"` // 0 for a delivery
	EditionID    int64      `json:"edition_id"`
	SubscriberID int64      `json:"subscriber_id"`
	Newsletter   string     `json:"newsletter"`
	Address      string     `json:"address"`
	Doubts       int        `json:"doubts"`
	DueAt        *time.Time `json:"due_at"` // null: held for a person
	EditionState string     `json:"edition_state"`
	Reply        string     `json:"reply"`
}

func doubtAsJSON(d delivery.Doubt) jsonDoubt {
	return jsonDoubt{d.Key().Ref(), d.NoticeID, d.EditionID, d.SubscriberID, d.Newsletter, d.Address, d.Doubts, d.DueAt, d.EditionState, d.Reply}
}

type jsonDecision struct {
	Ref      string `json:"ref"`
	Decision string `json:"decision"` // again, sent
}

type jsonRelay struct {
	Name      string     `json:"name"`
	Driven    bool       `json:"driven"`
	Holder    string     `json:"holder"`
	State     string     `json:"state"` // ready, down, spent
	Tried     bool       `json:"tried"`
	Problem   string     `json:"problem"`
	ProblemAt *time.Time `json:"problem_at"`
}

type jsonSending struct {
	State   guard.State `json:"state"` // on, stopped, locked
	Reason  string      `json:"reason"`
	Cause   guard.Cause `json:"cause"`
	Since   time.Time   `json:"since"`
	By      string      `json:"by"`
	Pending jsonPending `json:"pending"`
}

type jsonPending struct {
	Mails    int64                `json:"mails"`
	Editions []jsonPendingEdition `json:"editions"`
	Notices  []jsonPendingNotices `json:"notices"`
}

type jsonPendingEdition struct {
	ID         int64     `json:"id"`
	Newsletter string    `json:"newsletter"`
	Kind       string    `json:"kind"`
	Slot       time.Time `json:"slot"`
	Mails      int64     `json:"mails"`
}

type jsonPendingNotices struct {
	Kind  delivery.NoticeKind `json:"kind"`
	Mails int64               `json:"mails"`
}

func sendingAsJSON(s sendingStatus) jsonSending {
	pending := jsonPending{Mails: s.Pending.Mails(), Editions: []jsonPendingEdition{}, Notices: []jsonPendingNotices{}}
	for _, e := range s.Pending.Editions {
		pending.Editions = append(pending.Editions, jsonPendingEdition(e))
	}
	for _, n := range s.Pending.Notices {
		pending.Notices = append(pending.Notices, jsonPendingNotices(n))
	}
	return jsonSending{s.State, s.Reason, s.Cause, s.Since, s.By, pending}
}

type jsonSchema struct {
	Have      int64 `json:"have"`
	Want      int64 `json:"want"`
	QueueHave int64 `json:"queue_have"` // of the job queue
	QueueWant int64 `json:"queue_want"`
}

func schemaAsJSON(s postgres.Schema) jsonSchema {
	return jsonSchema{s.Have, s.Want, s.RiverHave, s.RiverWant}
}

// list is an empty list for none.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
