package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/token"
)

// noticeRow is what a notice is made of, read at the moment it is sent.
type noticeRow struct {
	Kind          NoticeKind
	Locale        string
	Content       []byte
	Tries         int
	Doubts        int
	ComposedAt    time.Time
	KeyID         string
	Address       string
	SignupID      int64
	SubscriberID  int64
	Generation    int64
	PageURL       string
	AskedAt       time.Time
	ExpiresAt     time.Time
	Cadence       string
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
}

// errGone is a notice whose rows were deleted meanwhile.
var errGone = errors.New("notice is gone")

// composeNotice makes a notice's mail. Errors of the database are returned as
// they are; everything wrong with the notice itself is a *poisonError.
func (s *Service) composeNotice(ctx context.Context, id int64, buf []byte) (m message, err error) {
	defer catch(&err)
	rows, err := s.DB.Query(ctx, sqlNotice, pgx.StrictNamedArgs{"id": id, "now": s.Clock.Now(), "key": s.Keys.Fingerprints()[0]})
	if err != nil {
		return m, fmt.Errorf("load notice %d: %w", id, err)
	}
	n, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[noticeRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return m, errGone
	}
	if err != nil {
		return m, fmt.Errorf("load notice %d: %w", id, err)
	}
	from, err := emailaddr.Parse(n.FromAddress)
	if err != nil {
		return m, &poisonError{fmt.Errorf("sender: %w", err)}
	}
	to, err := emailaddr.Parse(n.Address)
	if err != nil {
		return m, &poisonError{fmt.Errorf("address: %w", err)}
	}
	compiled, err := s.compileNotice(ctx, n)
	if err != nil {
		return m, err
	}
	pair := token.Pair(uint32(n.NewsletterID), uint64(n.SubscriberID))
	r := mailer.Recipient{
		To:             to.Wire(),
		MessageID:      s.messageID(n.KeyID, from, 'n', id, 0),
		UnsubscribeURL: s.BaseURL + "/unsubscribe/" + s.sign(n.KeyID, token.Unsubscribe, pair),
		PreferencesURL: s.BaseURL + "/preferences/" + s.sign(n.KeyID, token.Preferences, pair),
	}
	m, err = s.fill(&compiled, from, to, r, buf)
	m.hash, m.tries, m.doubts = s.Hasher.Sum(to.Key()), n.Tries, n.Doubts
	return m, err
}

func (s *Service) compileNotice(ctx context.Context, n noticeRow) (mailer.Compiled, error) {
	var content Content
	if err := json.Unmarshal(n.Content, &content); err != nil {
		return mailer.Compiled{}, &poisonError{fmt.Errorf("content: %w", err)}
	}
	from := mailer.Newsletter{
		Name: n.Name, Slug: n.Slug, Language: n.Language, FromName: n.FromName, FromAddress: n.FromAddress, ReplyTo: n.ReplyTo,
		PostalAddress: n.PostalAddress, SiteURL: n.SiteURL, PrivacyURL: n.PrivacyURL, LogoURL: n.LogoURL, Accent: n.Accent,
	}
	zone, err := time.LoadLocation(n.Timezone)
	if err != nil {
		zone = time.UTC
	}
	date := n.ComposedAt.In(zone)
	var articles []mailer.Article
	if n.Kind == Welcome || n.Kind == Test {
		if articles, err = s.latest(ctx, n, content); err != nil {
			return mailer.Compiled{}, err
		}
	}
	var c mailer.Compiled
	switch n.Kind {
	case Confirmation:
		payload := confirmPayload(n.SignupID, n.Generation)
		c, err = s.Renderer.CompileConfirmation(mailer.ConfirmationContent{
			Newsletter: from, Locale: n.Locale, Date: date,
			ConfirmURL: s.BaseURL + "/confirm/" + s.sign(n.KeyID, token.Confirm, payload),
			NotMeURL:   s.BaseURL + "/not-me/" + s.sign(n.KeyID, token.NotMe, payload),
			Code:       s.Keys.SixDigits(token.Code, payload),
			AskedAt:    n.AskedAt, PageURL: n.PageURL, ExpiresAt: n.ExpiresAt,
		})
	case Settings:
		asked := content.AskedAt
		if asked.IsZero() {
			asked = n.ComposedAt
		}
		c, err = s.Renderer.CompileSettings(mailer.SettingsContent{Newsletter: from, Locale: n.Locale, Date: date, Cadence: n.Cadence, AskedAt: asked})
	case Welcome:
		c, err = s.Renderer.CompileWelcome(mailer.WelcomeContent{Newsletter: from, Locale: n.Locale, Date: date, Cadence: n.Cadence, Latest: articles})
	case Test:
		kind := content.Kind
		if kind == "" {
			kind = mailer.Instant
		}
		c, err = s.Renderer.CompileTest(mailer.TestContent{Newsletter: from, Locale: n.Locale, Date: date, Kind: kind, Articles: articles})
	case Alert:
		c, err = s.Renderer.CompileAlert(mailer.AlertContent{
			Newsletter: from, Locale: n.Locale, Date: date, Title: content.Title, Text: content.Text, Detail: content.Detail, URL: content.URL,
		})
	case Desk:
		c, err = s.Renderer.CompileDesk(mailer.DeskContent{Newsletter: from, Locale: n.Locale, Date: date, Reference: content.Reference, URL: content.URL})
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

const welcomeArticles = 3

func (s *Service) latest(ctx context.Context, n noticeRow, content Content) ([]mailer.Article, error) {
	limit := welcomeArticles
	if n.Kind == Test {
		limit = max(1, len(content.Articles))
	}
	ids := append([]int64{}, content.Articles...)
	rows, err := s.DB.Query(ctx, sqlLatest, pgx.StrictNamedArgs{"newsletter": n.NewsletterID, "before": n.ComposedAt, "ids": ids, "limit": limit})
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
