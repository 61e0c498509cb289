package edition

import (
	"context"
	"fmt"
	"slices"
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

// Corrected is a correction of an article.
type Corrected struct {
	Title     string // of the article
	EditionID int64  // of the correction; 0: its mail was not made yet
	At        time.Time
}

// CorrectedSince returns the corrections of an edition's articles that were made
// after the edition's own text, newest first.
func (s *Service) CorrectedSince(ctx context.Context, editionID int64) ([]Corrected, error) {
	rows, err := s.DB.Query(ctx, sqlCorrected, pgx.StrictNamedArgs{"edition": editionID})
	if err != nil {
		return nil, fmt.Errorf("corrections of edition %d: %w", editionID, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Corrected])
	if err != nil {
		return nil, fmt.Errorf("corrections of edition %d: %w", editionID, err)
	}
	return out, nil
}

// Mailed is one mail to a reader, as the reader is shown it.
type Mailed struct {
	EditionID  int64
	Newsletter string // name
	Slug       string
	Language   string // of the newsletter
	Archive    bool   // the edition has a public page
	Kind       string // of the edition, or of the notice: welcome, settings, link, confirmation
	About      string // which link: one of subscriber.About…
	At         time.Time
	MadeAt     time.Time // what the list is ordered by: At changes
	State      string    // of the delivery
	Titles     []string  // of its live articles, newest first; none: all were withdrawn
}

// MailedTo returns a reader's mails of every newsletter, newest first, and the
// before of the next page, 0 when there is none. before is an edition's id,
// exclusive; 0: from the newest. limit bounds the editions; the few mails of the
// same time that are none (welcome, links) come on top.
func (s *Service) MailedTo(ctx context.Context, subscriberID, before int64, limit int) ([]Mailed, int64, error) {
	rows, err := s.DB.Query(ctx, sqlMailedTo, pgx.StrictNamedArgs{"subscriber": subscriberID, "before": before, "limit": limit + 1})
	if err != nil {
		return nil, 0, fmt.Errorf("mails to %d: %w", subscriberID, err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[Mailed])
	if err != nil {
		return nil, 0, fmt.Errorf("mails to %d: %w", subscriberID, err)
	}
	next, after := int64(0), time.Time{}
	if len(out) > limit {
		out = out[:limit]
		next, after = out[limit-1].EditionID, out[limit-1].MadeAt
	}
	rows, err = s.DB.Query(ctx, sqlNoticesTo, pgx.StrictNamedArgs{"subscriber": subscriberID, "before": before, "after": after})
	if err != nil {
		return nil, 0, fmt.Errorf("notices to %d: %w", subscriberID, err)
	}
	notices, err := pgx.CollectRows(rows, pgx.RowToStructByName[Mailed])
	if err != nil {
		return nil, 0, fmt.Errorf("notices to %d: %w", subscriberID, err)
	}
	out = append(out, notices...)
	slices.SortStableFunc(out, func(a, b Mailed) int { return b.MadeAt.Compare(a.MadeAt) })
	return out, next, nil
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

	CorrectionID int64      // the edition with its last correction; 0: none, or its mail was not made yet
	CorrectedAt  *time.Time // nil: never
}

// LastChange is when what the archive says of the article changed last.
func (a Archived) LastChange() time.Time {
	last := a.ReleasedAt
	for _, at := range []*time.Time{&a.UpdatedAt, a.CorrectedAt} {
		if at != nil && at.After(last) {
			last = *at
		}
	}
	return last
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
