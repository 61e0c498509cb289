package edition

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/mailer"
)

// Public is an edition as everybody may read it: what its mail says, from its
// articles as they stand now, without those withdrawn since. Returns
// ErrNotFound if the newsletter has no such edition, or its mail was never
// made; ErrNothingToMail if all its articles were withdrawn.
func (s *Service) Public(ctx context.Context, newsletterID, editionID int64) (mailer.EditionContent, error) {
	e, err := s.content(ctx, editionID)
	if err == nil && (e.NewsletterID != newsletterID || e.ComposedAt == nil) {
		err = ErrNotFound
	}
	if err != nil {
		return mailer.EditionContent{}, fmt.Errorf("public edition %d: %w", editionID, err)
	}
	articles, err := s.contentArticles(ctx, e.ArticleIDs)
	if err == nil && len(articles) == 0 {
		err = ErrNothingToMail
	}
	if err != nil {
		return mailer.EditionContent{}, fmt.Errorf("public edition %d: %w", editionID, err)
	}
	return e.mail(articles, *e.ComposedAt), nil
}

// Mailed is one mail to a reader, as the reader is shown it.
type Mailed struct {
	EditionID  int64
	Newsletter string // name
	Slug       string
	Archive    bool // the edition has a public page
	At         time.Time
	State      string   // of the delivery
	Titles     []string // of its live articles, newest first; none: all were withdrawn
}

// MailedTo returns a reader's mails of every newsletter, newest first, and the
// before of the next page, 0 when there is none. before is an edition's id,
// exclusive; 0: from the newest.
func (s *Service) MailedTo(ctx context.Context, subscriberID, before int64, limit int) ([]Mailed, int64, error) {
	rows, err := s.DB.Query(ctx, sqlMailedTo, pgx.StrictNamedArgs{"subscriber": subscriberID, "before": before, "limit": limit + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("mails to %d: %w", subscriberID, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Mailed])
	if err != nil {
		return nil, 0, fmt.Errorf("mails to %d: %w", subscriberID, err)
	}
	if len(out) > limit {
		return out[:limit], out[limit-1].EditionID, nil
	}
	return out, 0, nil
}

// Archived is an article of a public archive.
type Archived struct {
	ID         int64
	Seq        int64
	Title      string
	URL        string
	Summary    string
	Author     string
	Topics     []string
	ReleasedAt time.Time
	UpdatedAt  time.Time
	EditionID  int64 // that brought it, in the newsletter's own language if there is one; 0: none yet
}

// Archive returns a newsletter's articles that were mailed and not withdrawn,
// newest first, and the before of the next page, 0 when there is none. before
// is a seq, exclusive; 0: from the newest.
func (s *Service) Archive(ctx context.Context, newsletterID, before int64, limit int) ([]Archived, int64, error) {
	rows, err := s.DB.Query(ctx, sqlArchive, pgx.StrictNamedArgs{"newsletter": newsletterID, "before": before, "limit": limit + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("archive of newsletter %d: %w", newsletterID, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Archived])
	if err != nil {
		return nil, 0, fmt.Errorf("archive of newsletter %d: %w", newsletterID, err)
	}
	if len(out) > limit {
		return out[:limit], out[limit-1].Seq, nil
	}
	return out, 0, nil
}

const (
	// From the reader's newsletters to their editions to the deliveries, each by
	// its key: a delivery has no index by reader.
	sqlMailedTo = `
SELECT e.id AS edition_id, n.name AS newsletter, n.slug, n.public_archive AND b.edition_id IS NOT NULL AS archive,
       coalesce(d.settled_at, e.created_at) AS at, d.state,
       ARRAY(SELECT a.title
             FROM article a
             WHERE a.id = ANY (e.article_ids) AND a.withdrawn_at IS NULL
             ORDER BY a.seq DESC) AS titles
FROM edition e
JOIN newsletter n ON n.id = e.newsletter_id
LEFT JOIN edition_body b ON b.edition_id = e.id
CROSS JOIN LATERAL (
    SELECT state, settled_at
    FROM delivery
    WHERE month = e.month AND edition_id = e.id AND subscriber_id = @subscriber
    OFFSET 0) d
WHERE e.newsletter_id IN (SELECT newsletter_id FROM subscription WHERE subscriber_id = @subscriber)
  AND (@before::bigint = 0 OR e.id < @before::bigint)
ORDER BY e.id DESC
LIMIT @limit`

	sqlArchive = `
SELECT a.id, a.seq, a.title, a.url, a.summary, a.author, a.topics, a.released_at, a.updated_at,
       coalesce(e.id, 0) AS edition_id
FROM article a
JOIN newsletter n ON n.id = a.newsletter_id
LEFT JOIN LATERAL (
    SELECT e.id
    FROM edition e
    JOIN edition_body b ON b.edition_id = e.id
    WHERE e.article_ids @> ARRAY[a.id] AND e.newsletter_id = a.newsletter_id
    ORDER BY e.locale = n.language DESC, cardinality(e.article_ids), e.id
    LIMIT 1) e ON true
WHERE a.newsletter_id = @newsletter
  AND a.seq IS NOT NULL
  AND a.withdrawn_at IS NULL
  AND (@before::bigint = 0 OR a.seq < @before::bigint)
ORDER BY a.seq DESC
LIMIT @limit`
)
