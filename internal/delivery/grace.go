package delivery

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/token"
)

// Grace is an article that goes out soon unless an editor holds it.
type Grace struct {
	NewsletterID int64
	ArticleID    int64
	Title        string
	DueAt        time.Time
	Zone         *time.Location // of the hour that is told
}

// TellEditors queues a mail to each editor and owner, in the transaction in which
// the article was found: what goes out and when, with a link of their own that
// leads to a page with one button. The link is signed when the mail is composed,
// so nothing secret is stored.
func (s *Service) TellEditors(ctx context.Context, tx pgx.Tx, g Grace) error {
	editors, err := account.Editors(ctx, tx)
	if err != nil {
		return err
	}
	for _, e := range editors {
		l := s.Catalog.For(e.Locale)
		_, err := s.Enqueue(ctx, tx, Notice{
			Kind: Alert, Locale: l.Code(), NewsletterID: g.NewsletterID, Address: e.Address,
			Content: Content{
				Title: l.T("mail.grace.title", "title", g.Title), Hold: g.ArticleID, Account: e.ID,
				Text: l.T("mail.grace.text", "title", g.Title, "when", l.Moment(g.DueAt.In(g.Zone))),
			},
		})
		if err != nil {
			return fmt.Errorf("tell editors of article %d: %w", g.ArticleID, err)
		}
	}
	return nil
}

// holdURL leads one account to the page that holds an article.
func (s *Service) holdURL(base, keyID string, c Content) string {
	return base + "/hold/" + s.sign(keyID, token.Hold, token.Pair(uint32(c.Account), uint64(c.Hold)))
}
