package edition

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/delivery"
	"vistka/internal/locale"
	"vistka/internal/mailer"
	"vistka/internal/postgres"
)

// maxListed is how many articles a mail lists; after a long pause the rest is
// only counted.
const maxListed = 20

type content struct {
	ID            int64
	NewsletterID  int64
	Kind          string
	Slot          time.Time
	Locale        string
	ArticleIDs    []int64
	Note          string
	Missed        bool
	Composed      bool
	ComposedAt    *time.Time
	Timezone      string
	PublicArchive bool
	mailer.Newsletter
}

// Compose makes an edition's mail, once: its text, its Date and the key its
// links are signed with are the same for every reader and every retry from
// then on. Calling it again, or twice at once, does no harm. An edition that
// only a person can help, its sender's address or its size being what is wrong,
// is paused with the reason. Returns ErrNotFound, ErrNothingToMail, or the
// renderer's error.
func (s *Service) Compose(ctx context.Context, editionID int64) error {
	if err := s.compose(ctx, editionID); err != nil {
		return fmt.Errorf("compose edition %d: %w", editionID, err)
	}
	return nil
}

func (s *Service) compose(ctx context.Context, editionID int64) error {
	e, err := s.content(ctx, editionID)
	if err != nil || e.Composed {
		return err
	}
	articles, err := s.contentArticles(ctx, e.ArticleIDs)
	if err != nil {
		return err
	}
	if len(articles) == 0 {
		return ErrNothingToMail
	}
	now := s.Clock.Now()
	m := e.mail(articles, now)
	if e.PublicArchive {
		m.ArchiveURL = s.BaseURL + "/archive/" + e.Slug
		m.BrowserURL = m.ArchiveURL + "/" + strconv.FormatInt(e.ID, 10)
	}
	compiled, err := s.Renderer.CompileEdition(m)
	if errors.Is(err, mailer.ErrSender) || errors.Is(err, mailer.ErrTooLarge) {
		return errors.Join(err, s.unmade(ctx, e, err))
	}
	if err != nil {
		return err
	}
	segments, err := compiled.MarshalBinary()
	if err != nil {
		return err
	}
	_, err = s.DB.Exec(ctx, sqlInsertBody, pgx.StrictNamedArgs{
		"edition": editionID, "key": s.Keys.Fingerprints()[0], "now": now, "from": e.FromAddress, "base": s.BaseURL, "segments": segments,
	})
	return err
}

func (s *Service) content(ctx context.Context, editionID int64) (content, error) {
	rows, err := s.DB.Query(ctx, sqlContent, pgx.StrictNamedArgs{"edition": editionID})
	if err != nil {
		return content{}, err
	}
	e, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[content])
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNotFound
	}
	return e, err
}

// mail is the edition with these articles, dated at.
func (e content) mail(articles []mailer.Article, at time.Time) mailer.EditionContent {
	zone, err := time.LoadLocation(e.Timezone)
	if err != nil {
		zone = time.UTC // a zone Postgres knows and this build of Go does not
	}
	shown := articles[:min(len(articles), maxListed)]
	return mailer.EditionContent{
		ID: e.ID, Newsletter: e.Newsletter, Locale: e.Locale, Kind: e.Kind,
		Articles: shown, More: len(articles) - len(shown), Note: e.Note, Missed: e.Missed, Date: at.In(zone),
	}
}

// unmade pauses an edition of which no mail can be made, and tells the owners.
func (s *Service) unmade(ctx context.Context, e content, cause error) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := s.Within(tx).Pause(ctx, e.ID, locale.Message{Key: "edition.reason.not_composed", Name: cause.Error()}); err != nil {
			return err
		}
		if s.Alert != nil {
			s.Alert(ctx, tx, delivery.Trouble{
				Cause: delivery.CauseEditionUnmade, Object: strconv.FormatInt(e.ID, 10), Name: e.Name, Words: cause.Error(), NewsletterID: e.NewsletterID,
			})
		}
		return nil
	})
}

// contentArticles reads the live articles: what an editor put first, then the
// newest first.
func (s *Service) contentArticles(ctx context.Context, articleIDs []int64) ([]mailer.Article, error) {
	rows, err := s.DB.Query(ctx, sqlContentArticles, pgx.StrictNamedArgs{"articles": articleIDs})
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (mailer.Article, error) {
		var a mailer.Article
		var published *time.Time
		err := row.Scan(&a.Title, &a.URL, &a.Summary, &a.ContentHTML, &a.Author, &a.ImageURL, &a.ImageAlt, &published, &a.Topics)
		if published != nil {
			a.PublishedAt = *published
		}
		return a, err
	})
}
