package delivery

import (
	"fmt"
	"time"

	"vistka/internal/emailaddr"
	"vistka/internal/mailer"
	"vistka/internal/subscriber"
	"vistka/internal/token"
)

// compileLink makes what a reader asked for on their own pages. A fresh link
// counts its minutes from the mail's Date, so that a retry has the same bytes.
func (s *Service) compileLink(n noticeRow, f noticeFacts, content Content, from mailer.Newsletter, date time.Time) (mailer.Compiled, error) {
	c := mailer.LinkContent{Newsletter: from, Locale: n.Locale, Date: date, AskedAt: f.AskedAt}
	change := subscriber.AddressPayload(f.NewsletterID, content.Change)
	switch content.About {
	case subscriber.AboutData:
		to, err := emailaddr.Parse(n.Address)
		if err != nil {
			return mailer.Compiled{}, fmt.Errorf("address: %w", err)
		}
		c.ExpiresAt = date.Add(subscriber.FreshFor)
		payload := subscriber.FreshPayload(f.NewsletterID, n.SubscriberID, c.ExpiresAt, s.Hasher.Sum(to.Key()))
		c.URL = f.BaseURL + "/data/" + s.sign(n.KeyID, token.Fresh, payload)
		return s.Renderer.CompileLink(c)
	case subscriber.AboutNewAddress:
		c.ExpiresAt = f.ExpiresAt
		if !c.ExpiresAt.After(date) { // frozen by an older version: a retry has the same bytes
			c.ExpiresAt = date.Add(subscriber.ChangeWithin)
		}
		c.URL = f.BaseURL + "/address/" + s.sign(n.KeyID, token.NewAddress, change)
		to, err := emailaddr.Parse(n.Address)
		if err != nil {
			return mailer.Compiled{}, fmt.Errorf("address: %w", err)
		}
		notMe := subscriber.NotMyAddressPayload(f.NewsletterID, content.Change, s.Hasher.Sum(to.Key()))
		c.NotMeURL = f.BaseURL + "/not-my-address/" + s.sign(n.KeyID, token.NotMyAddress, notMe)
		return s.Renderer.CompileNewAddress(c, n.Address)
	case subscriber.AboutOldAddress:
		c.URL = f.BaseURL + "/keep-address/" + s.sign(n.KeyID, token.KeepAddress, change)
		return s.Renderer.CompileOldAddress(c, content.Masked)
	case subscriber.AboutMoved:
		return s.Renderer.CompileMoved(c)
	case subscriber.AboutReceipt:
		return s.Renderer.CompileReceipt(c, content.Records)
	default:
		return mailer.Compiled{}, fmt.Errorf("link about %q cannot be mailed", content.About)
	}
}
