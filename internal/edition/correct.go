package edition

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"vistka/internal/postgres"
)

// Correction is the kind of an edition that tells those who got the first
// version of an article what was wrong with it.
const Correction = "correction"

// ErrRepeated says that another correction of the article was mailed since the
// page was opened on which this one was written: the same press, twice.
var ErrRepeated = errors.New("a correction was mailed meanwhile")

// correctionAge is how long a correction that could not go out, a reader's pause
// included, is still news.
const correctionAge = `interval '1 month'`

// Correct mails a correction of a released article, in the caller's transaction:
// to each active reader with a sent or in-doubt delivery of a text from before
// its last edit (of any text, if it is not Edited), with an editor's note of what
// was wrong and the text of now. What is composed and not sent yet is taken back
// and goes out with the text of now, without a note. nth is how many corrections
// of the article there were when the person wrote this one.
//
// It returns how many readers get it. Returns ErrState if the article is not
// out, ErrRepeated if it was corrected meanwhile.
func (s *Service) Correct(ctx context.Context, tx pgx.Tx, articleID int64, nth int, note string) (int64, error) {
	n, err := s.correct(ctx, tx, articleID, nth, note)
	if err != nil {
		return 0, fmt.Errorf("correct article %d: %w", articleID, err)
	}
	return n, nil
}

func (s *Service) correct(ctx context.Context, tx pgx.Tx, articleID int64, nth int, note string) (int64, error) {
	if err := s.LockFamily(ctx, tx, articleID); err != nil {
		return 0, err
	}
	newsletterID, corrections, edited, err := s.correctable(ctx, tx, articleID)
	if err != nil {
		return 0, err
	}
	if corrections != nth {
		return 0, ErrRepeated
	}
	now := s.Clock.Now()
	if _, err := s.takeBack(ctx, tx, articleID, true, now); err != nil {
		return 0, err
	}
	month := monthOf(now)
	if _, err := tx.Exec(ctx, sqlEnsureMonth, pgx.StrictNamedArgs{"month": month}); err != nil {
		return 0, err
	}
	var readers int64
	err = tx.QueryRow(ctx, sqlCorrect, pgx.StrictNamedArgs{
		"article": articleID, "newsletter": newsletterID, "month": month, "now": now, "edited": edited, "note": note,
	}).Scan(&readers)
	if err != nil {
		return 0, err
	}
	if err := notify(ctx, tx); err != nil {
		return 0, err
	}
	return readers, s.Released(ctx, tx, newsletterID)
}

// Nobody says why a correction would go to no reader.
type Nobody string

const (
	NobodyHas  Nobody = ""     // those who have the article have the text of now
	NobodyLeft Nobody = "left" // everyone who got it reads the newsletter no more
	NobodyYet  Nobody = "none" // it went to no reader
)

// WhyNobody tells it of an article that Correct, in the same transaction, has just
// mailed nobody about.
func (s *Service) WhyNobody(ctx context.Context, tx pgx.Tx, articleID int64) (why Nobody, err error) {
	_, _, edited, err := s.correctable(ctx, tx, articleID)
	if err == nil {
		err = tx.QueryRow(ctx, sqlWhyNobody, pgx.StrictNamedArgs{"article": articleID, "edited": edited}).Scan(&why)
	}
	if err != nil {
		return "", fmt.Errorf("why nobody gets a correction of article %d: %w", articleID, err)
	}
	return why, nil
}

// Corrections is what an editor must know before writing a correction.
type Corrections struct {
	N      int  // mailed so far
	Edited bool // since the article was mailed first, or since its last correction
}

// Corrections tells what became of an article's text; nothing of one that is
// not out.
func (s *Service) Corrections(ctx context.Context, articleID int64) (Corrections, error) {
	_, n, edited, err := s.correctable(ctx, s.DB, articleID)
	if errors.Is(err, ErrState) {
		return Corrections{}, nil
	}
	return Corrections{N: n, Edited: edited.InfinityModifier == pgtype.Finite}, err
}

// correctable also tells before which moment a text must have been composed to
// be wrong; infinity where it was not edited since.
// Returns ErrState if the article is not out.
func (s *Service) correctable(ctx context.Context, db postgres.DB, articleID int64) (newsletterID int64, corrections int, edited pgtype.Timestamptz, err error) {
	err = db.QueryRow(ctx, sqlCorrectable, pgx.StrictNamedArgs{"article": articleID}).Scan(&newsletterID, &corrections, &edited)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrState
	}
	return newsletterID, corrections, edited, err
}

// MailAgain owes a released article to every active reader who may be mailed, has
// not got it and has nothing of it on the way, in the caller's transaction, and
// asks for the fan-out: whoever has the story in another language, or chose other
// topics, is left out there. Doing it twice owes nothing more. It returns how many
// would be mailed. Returns ErrState if the article is not out.
func (s *Service) MailAgain(ctx context.Context, tx pgx.Tx, articleID int64) (int64, error) {
	if err := s.LockFamily(ctx, tx, articleID); err != nil {
		return 0, err
	}
	var newsletterID, readers int64
	err := tx.QueryRow(ctx, s.sql(sqlMailAgain), pgx.StrictNamedArgs{"article": articleID, "now": s.Clock.Now()}).Scan(&newsletterID, &readers)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrState
	}
	if err == nil && readers > 0 {
		err = s.Released(ctx, tx, newsletterID)
	}
	if err != nil {
		return 0, fmt.Errorf("mail article %d again: %w", articleID, err)
	}
	return readers, nil
}
