package mailer

import (
	"fmt"
	"sync"
	"time"
)

// confirmationKind is what many confirmations have in common: those for one
// newsletter asked for in one minute on one site, as a rule.
type confirmationKind struct {
	newsletter   Newsletter
	locale       string
	where        string // host of the page
	asked, until string // in words; until may be empty
	code, aside  bool   // there is one
}

// confirmations keeps compiled kinds, so that a crowd that comes in the same
// minute costs one execution of the template and not one each.
type confirmations struct {
	mu    sync.Mutex
	known map[confirmationKind]Compiled
}

// maxConfirmations bounds what is kept, whatever pages forms are said to stand on.
const maxConfirmations = 64

// CompileConfirmation makes the mail with the link, the address written out
// and the code. Needs no link of Recipient. Returns ErrSender when the
// newsletter cannot be written from, and an error without a link.
func (r *Renderer) CompileConfirmation(c ConfirmationContent) (Compiled, error) {
	link := webAddress(c.ConfirmURL)
	if link == "" {
		return Compiled{}, fmt.Errorf("confirmation: %q is no address to confirm at", c.ConfirmURL)
	}
	f := frame{L: r.catalog.For(c.Locale)}
	v := own{confirm: link, notMe: webAddress(c.NotMeURL), code: cleanLine(c.Code)}
	k := confirmationKind{
		newsletter: c.Newsletter, locale: c.Locale, where: siteName(c.PageURL), asked: f.moment(c.AskedAt, c.Date),
		code: v.code != "", aside: v.notMe != "",
	}
	if !c.ExpiresAt.IsZero() {
		k.until = f.moment(c.ExpiresAt, c.Date)
	}
	compiled, err := r.confirmation(k)
	if err != nil {
		return Compiled{}, err
	}
	return compiled.bind(v, c.Date), nil
}

func (r *Renderer) confirmation(k confirmationKind) (Compiled, error) {
	if !r.opts.Reload {
		r.confirmations.mu.Lock()
		c, ok := r.confirmations.known[k]
		r.confirmations.mu.Unlock()
		if ok {
			return c, nil
		}
	}
	c, err := r.compileNotice(confirmationView(k, r.frame(k.newsletter, k.locale), r.slots), k.newsletter, time.Time{})
	if err != nil {
		return Compiled{}, err
	}
	r.confirmations.mu.Lock()
	defer r.confirmations.mu.Unlock()
	if len(r.confirmations.known) >= maxConfirmations {
		clear(r.confirmations.known)
	}
	r.confirmations.known[k] = c
	return c, nil
}

func confirmationView(k confirmationKind, f frame, p placeholders) noticeView {
	where := k.where
	if where == "" {
		where = f.Site
	}
	v := noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.words("mail.confirm.heading"),
		Button: f.L.T("mail.confirm.button"), ButtonURL: p.confirm(),
		PlainLabel: f.L.T("mail.confirm.plain"), CodeLabel: f.L.T("mail.confirm.code"),
		AsideText: f.L.T("mail.confirm.ignore"), AsideLabel: f.L.T("mail.confirm.notme"),
	}
	if k.code {
		v.Code = p.code()
	}
	if k.aside {
		v.AsideURL = p.notMe()
	}
	v.Subject = f.words("mail.confirm.subject")
	if f.Site != "" {
		v.Subject = f.words("mail.confirm.subject-site")
	}
	v.Lines = []string{f.L.T("mail.confirm.asked", "newsletter", f.Newsletter.Name, "where", where, "when", k.asked), f.words("mail.confirm.press")}
	if where == "" {
		v.Lines[0] = f.L.T("mail.confirm.asked-nowhere", "newsletter", f.Newsletter.Name, "when", k.asked)
	}
	if k.until != "" {
		v.After = []string{f.L.T("mail.confirm.until", "until", k.until)}
	}
	v.Why = f.words("mail.why.confirm")
	return v
}
