package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/token"
)

// noticeRow is a notice at the moment it is sent.
type noticeRow struct {
	ID           int64
	Kind         NoticeKind
	Locale       string
	Content      []byte
	Tries        int
	ComposedAt   time.Time
	KeyID        string
	Address      string
	SignupID     int64
	SubscriberID int64
	Facts        []byte // null until it was loaded once
}

// noticeFacts is what else the bytes depend on, frozen when it is first
// loaded: a second press of the form, another sender or an edited article
// must not change what goes out under the same Message-ID. No secret is in it.
type noticeFacts struct {
	NoticeID      int64 `json:"-"`
	BaseURL       string
	Generation    int64
	PageURL       string
	AskedAt       time.Time
	ExpiresAt     time.Time
	Cadence       string
	PausedTo      string // the first day with mail again where the reader lives, 2006-01-02; empty: no pause
	NewsletterID  int64
	Name          string
	Slug          string
	Language      string
	FromName      string
	FromAddress   string
	ReplyTo       string
	PostalAddress string
	SiteURL       string
	PrivacyURL    string
	LogoURL       string
	Accent        string
	Timezone      string
	Articles      []mailer.Article `db:"-"`
}

// errGone is a notice whose rows were deleted meanwhile.
var errGone = errors.New("notice is gone")

// composeNotice makes a notice's mail, and the hash of the address it goes to.
// Everything wrong with the notice itself is a *poisonError.
func (s *Service) composeNotice(l loadedNotice, buf []byte) (m mailer.Message, hash []byte, err error) {
	defer catch(&err)
	n, f := l.noticeRow, l.facts
	from, err := emailaddr.Parse(f.FromAddress)
	if err != nil {
		return m, nil, &poisonError{fmt.Errorf("sender: %w", err)}
	}
	to, err := emailaddr.Parse(n.Address)
	if err != nil {
		return m, nil, &poisonError{fmt.Errorf("address: %w", err)}
	}
	compiled, err := s.compileNotice(n, f, l.content)
	if err != nil {
		return m, nil, err
	}
	pair := token.Pair(uint32(f.NewsletterID), uint64(n.SubscriberID))
	r := mailer.Recipient{
		To:             to.Wire(),
		MessageID:      s.messageID(n.KeyID, from, 'n', n.ID, 0),
		UnsubscribeURL: f.BaseURL + "/unsubscribe/" + s.sign(n.KeyID, token.Unsubscribe, pair),
		PreferencesURL: f.BaseURL + "/preferences/" + s.sign(n.KeyID, token.Preferences, pair),
	}
	m, err = s.fill(&compiled, from, to, r, buf)
	return m, s.Hasher.Sum(to.Key()), err
}

func (s *Service) compileNotice(n noticeRow, f noticeFacts, content Content) (mailer.Compiled, error) {
	from := mailer.Newsletter{
		Name: f.Name, Slug: f.Slug, Language: f.Language, FromName: f.FromName, FromAddress: f.FromAddress, ReplyTo: f.ReplyTo,
		PostalAddress: f.PostalAddress, SiteURL: f.SiteURL, PrivacyURL: f.PrivacyURL, LogoURL: f.LogoURL, Accent: f.Accent,
	}
	zone, err := time.LoadLocation(f.Timezone)
	if err != nil {
		zone = time.UTC
	}
	date := n.ComposedAt.In(zone)
	var c mailer.Compiled
	switch n.Kind {
	case Confirmation:
		payload := confirmPayload(n.SignupID, f.Generation)
		c, err = s.Renderer.CompileConfirmation(mailer.ConfirmationContent{
			Newsletter: from, Locale: n.Locale, Date: date,
			ConfirmURL: f.BaseURL + "/confirm/" + s.sign(n.KeyID, token.Confirm, payload),
			NotMeURL:   f.BaseURL + "/not-me/" + s.sign(n.KeyID, token.NotMe, payload),
			Code:       s.Keys.SixDigits(token.Code, payload),
			AskedAt:    f.AskedAt, PageURL: f.PageURL, ExpiresAt: f.ExpiresAt,
		})
	case Settings:
		asked := content.AskedAt
		if asked.IsZero() {
			asked = n.ComposedAt
		}
		paused, _ := time.Parse(time.DateOnly, f.PausedTo) // empty: zero
		c, err = s.Renderer.CompileSettings(mailer.SettingsContent{
			Newsletter: from, Locale: n.Locale, Date: date, Cadence: f.Cadence, PausedTo: paused, AskedAt: asked,
		})
	case Welcome:
		c, err = s.Renderer.CompileWelcome(mailer.WelcomeContent{Newsletter: from, Locale: n.Locale, Date: date, Cadence: f.Cadence, Latest: f.Articles})
	case Link:
		c, err = s.compileLink(n, f, content, from, date)
	case Test:
		kind := content.Kind
		if kind == "" {
			kind = mailer.Instant
		}
		c, err = s.Renderer.CompileTest(mailer.TestContent{Newsletter: from, Locale: n.Locale, Date: date, Kind: kind, Articles: f.Articles})
	case Alert:
		a := mailer.AlertContent{
			Newsletter: from, Locale: n.Locale, Date: date, Title: content.Title, Text: content.Text, Detail: content.Detail, URL: content.URL,
		}
		if content.Hold != 0 {
			a.Grace, a.URL = true, s.holdURL(f.BaseURL, n.KeyID, content)
		}
		c, err = s.Renderer.CompileAlert(a)
	case Desk:
		c, err = s.Renderer.CompileDesk(mailer.DeskContent{
			Newsletter: from, Locale: n.Locale, Date: date, Kind: content.Kind, Reference: content.Reference, URL: content.URL,
			Busy: content.Busy, Sealed: content.Sealed, Unsealed: content.Unsealed,
		})
	default:
		err = fmt.Errorf("kind %q cannot be mailed", n.Kind)
	}
	if err != nil {
		return mailer.Compiled{}, &poisonError{err}
	}
	return c, nil
}

// confirmPayload is what a confirmation's link, code and "not me" are bound to.
func confirmPayload(signup, generation int64) []byte {
	return token.Pair(uint32(generation), uint64(signup))
}

// welcomeArticles is how many of the newest a welcome shows.
const welcomeArticles = 3

// latest reads a newsletter's articles: those named, or without any the newest
// that were out before a moment.
func (s *Service) latest(ctx context.Context, newsletterID int64, before time.Time, ids []int64, limit int) ([]mailer.Article, error) {
	if ids == nil {
		ids = []int64{} // cardinality of NULL is not 0
	}
	rows, err := s.DB.Query(ctx, sqlLatest, pgx.StrictNamedArgs{"newsletter": newsletterID, "before": before, "ids": ids, "limit": limit})
	if err != nil {
		return nil, fmt.Errorf("load articles of a notice: %w", err)
	}
	var a mailer.Article
	var out []mailer.Article
	_, err = pgx.ForEachRow(rows, []any{&a.Title, &a.URL, &a.Summary, &a.ContentHTML, &a.Author, &a.ImageURL, &a.ImageAlt, &a.PublishedAt, &a.Topics}, func() error {
		out = append(out, a)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load articles of a notice: %w", err)
	}
	return out, nil
}
