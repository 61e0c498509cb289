package article

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/feed"
	"vistka/internal/locale"
	"vistka/internal/postgres"
)

// ErrNoPair says that two articles cannot be translations of one another: they
// stand in one newsletter or in two families, or a translation is known already.
var ErrNoPair = errors.New("cannot be translations of one another")

const (
	pairNear   = time.Hour           // two dates of one story, where only its picture tells
	pairAround = 14 * 24 * time.Hour // how far apart translations may be that a person is offered
	pairShown  = 50
)

// noteAlternates keeps where the site says that an article stands in other languages.
func noteAlternates(ctx context.Context, db postgres.DB, articleID int64, list []feed.Alternate) error {
	if len(list) == 0 {
		return nil
	}
	var addresses, languages []string
	for _, a := range list {
		key := newKey("address", feed.CanonicalURL(a.URL)).Value
		if key == "" || slices.Contains(addresses, key) {
			continue
		}
		addresses, languages = append(addresses, key), append(languages, a.Language)
	}
	_, err := db.Exec(ctx, sqlAlternates, pgx.StrictNamedArgs{"id": articleID, "addresses": addresses, "languages": languages})
	if err != nil {
		return fmt.Errorf("note alternates of article %d: %w", articleID, err)
	}
	return nil
}

// pairNew lets an article that is not released join the story of a translation
// in a sibling newsletter, if one can be told without doubt.
func (s *Service) pairNew(ctx context.Context, tx pgx.Tx, articleID int64) error {
	var other int64
	var title, how string
	err := tx.QueryRow(ctx, sqlPairNew, pgx.StrictNamedArgs{"id": articleID, "near": pairNear}).Scan(&other, &title, &how)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = remark(ctx, tx, articleID, s.Clock.Now(), locale.Message{Key: "article.note.paired_" + how, Name: title}, 0)
	}
	if err != nil {
		return fmt.Errorf("pair article %d: %w", articleID, err)
	}
	return nil
}

// pairAll looks for the translations of what a document brought and of what
// still waits.
func (s *Service) pairAll(ctx context.Context, tx pgx.Tx, k known, pl plan, ids []int64) error {
	for i, d := range pl.decisions {
		if !d.isNew() && k.articles[d.id].State != Waiting {
			continue
		}
		if err := noteAlternates(ctx, tx, ids[i], d.Alternates); err != nil {
			return err
		}
		if err := s.pairNew(ctx, tx, ids[i]); err != nil {
			return err
		}
	}
	return nil
}

// paired is an article whose row the transaction holds, as pairing needs it.
type paired struct {
	ID           int64  `db:"id"`
	NewsletterID int64  `db:"newsletter_id"`
	FamilyID     int64  `db:"family_id"`
	StoryID      int64  `db:"story_id"`
	Title        string `db:"title"`
	Versions     int    `db:"versions"` // of its story, itself counted
	Released     bool   `db:"released"`
}

// Pair makes two articles one story, of which each reader gets one: a person
// says that they are translations. What is queued or sent stays as it is.
// Returns ErrNotFound or ErrNoPair.
func (s *Service) Pair(ctx context.Context, articleID, otherID, accountID int64) error {
	err := s.heldTogether(ctx, []int64{articleID, otherID}, func(tx pgx.Tx, two []paired) error {
		if articleID == otherID {
			return ErrNoPair
		}
		if len(two) != 2 {
			return ErrNotFound
		}
		a, b := two[0], two[1]
		if a.Versions > 1 { // the one that stands alone joins the other
			a, b = b, a
		}
		if a.FamilyID != b.FamilyID || a.NewsletterID == b.NewsletterID || a.Versions > 1 {
			return ErrNoPair
		}
		for _, p := range []paired{a, b} {
			tag, err := tx.Exec(ctx, sqlStory, pgx.StrictNamedArgs{"id": p.ID, "story": b.StoryID, "how": "hand"})
			if err != nil {
				return err
			}
			if tag.RowsAffected() == 0 {
				return ErrNoPair
			}
		}
		return errors.Join(
			remark(ctx, tx, a.ID, s.Clock.Now(), locale.Message{Key: "article.note.paired_hand", Name: b.Title}, accountID),
			remark(ctx, tx, b.ID, s.Clock.Now(), locale.Message{Key: "article.note.paired_hand", Name: a.Title}, accountID),
		)
	})
	if err != nil {
		return fmt.Errorf("pair articles %d and %d: %w", articleID, otherID, err)
	}
	return nil
}

// Unpair takes an article out of its story, for good: a person says that it is
// no translation. Whoever went without it, or without one of the others, because
// of it is owed it, by OnUnpair. Returns ErrNotFound, or ErrState if it stands alone.
func (s *Service) Unpair(ctx context.Context, articleID, accountID int64) error {
	others, err := Translations(ctx, s.DB, articleID)
	if err != nil {
		return err
	}
	ids := []int64{articleID}
	for _, o := range others {
		ids = append(ids, o.ID)
	}
	err = s.heldTogether(ctx, ids, func(tx pgx.Tx, all []paired) error {
		i := slices.IndexFunc(all, func(p paired) bool { return p.ID == articleID })
		if i < 0 {
			return ErrNotFound
		}
		if all[i].Versions == 1 || len(all) != all[i].Versions {
			return fmt.Errorf("%w: it has no translation, or another since", ErrState)
		}
		var story int64
		if err := tx.QueryRow(ctx, sqlNewStory).Scan(&story); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlStory, pgx.StrictNamedArgs{"id": articleID, "story": story, "how": "apart"}); err != nil {
			return err
		}
		for _, p := range all {
			if p.Released {
				if err := call(ctx, s.OnUnpair, tx, p.NewsletterID, p.ID, 0); err != nil {
					return err
				}
			}
		}
		return remark(ctx, tx, articleID, s.Clock.Now(), locale.Message{Key: "article.note.unpaired"}, accountID)
	})
	if err != nil {
		return fmt.Errorf("unpair article %d: %w", articleID, err)
	}
	return nil
}

// heldTogether holds articles, and their family's fan-out, while act decides.
func (s *Service) heldTogether(ctx context.Context, ids []int64, act func(tx pgx.Tx, all []paired) error) error {
	return postgres.InTx(ctx, s.DB, func(tx pgx.Tx) error {
		if err := lockRecording(ctx, tx, ids[0]); err != nil {
			return err
		}
		all, err := many[paired](ctx, tx, sqlLockPair, pgx.StrictNamedArgs{"ids": ids})
		if err != nil {
			return err
		}
		if s.LockFamily != nil && len(all) > 0 { // what is of several families is refused
			if err := s.LockFamily(ctx, tx, all[0].ID); err != nil {
				return err
			}
		}
		return act(tx, all)
	})
}

func lockRecording(ctx context.Context, tx pgx.Tx, articleID int64) error {
	_, err := tx.Exec(ctx, sqlLockRecording, pgx.StrictNamedArgs{"id": articleID})
	return err
}

// Translations lists the other articles of an article's story.
func Translations(ctx context.Context, db postgres.DB, articleID int64) ([]Row, error) {
	rows, err := many[Row](ctx, db, sqlTranslations, pgx.StrictNamedArgs{"id": articleID})
	if err != nil {
		return nil, fmt.Errorf("translations of article %d: %w", articleID, err)
	}
	return rows, nil
}

// Pairable lists what an article may be a translation of, the nearest in time
// first: of its family, of about the same days, not yet translated here.
func Pairable(ctx context.Context, db postgres.DB, articleID int64) ([]Row, error) {
	rows, err := many[Row](ctx, db, sqlPairable, pgx.StrictNamedArgs{"id": articleID, "around": pairAround, "limit": pairShown})
	if err != nil {
		return nil, fmt.Errorf("what article %d may be a translation of: %w", articleID, err)
	}
	return rows, nil
}

// remark adds an event that changes nothing about the article's state.
func remark(ctx context.Context, tx pgx.Tx, articleID int64, now time.Time, words locale.Message, accountID int64) error {
	_, err := tx.Exec(ctx, sqlRemark, pgx.StrictNamedArgs{"id": articleID, "now": now, "reason": words, "account_id": accountID})
	return err
}
