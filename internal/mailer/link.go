package mailer

import "fmt"

// CompileLink makes the mail with a fresh link for what reveals or cannot be
// undone. Needs no link of Recipient.
func (r *Renderer) CompileLink(c LinkContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	link := webAddress(c.URL)
	if link == "" {
		return Compiled{}, fmt.Errorf("link mail: %q is no address", c.URL)
	}
	f.Subject, f.Why = f.words("mail.link.subject"), f.words("mail.why.link")
	v := noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.link.heading"), Lines: []string{f.words("mail.link.text")},
		Button: f.L.T("mail.link.button"), ButtonURL: link, PlainLabel: f.L.T("mail.confirm.plain"),
	}
	if !c.ExpiresAt.IsZero() {
		v.After = []string{f.L.T("mail.link.until", "until", f.clock(c.ExpiresAt, c.Date))}
	}
	return r.compileNotice(v, c.Newsletter, c.Date)
}

// CompileNewAddress asks the mailbox that a reader wants mail to come to
// whether it is theirs; address is that mailbox. Needs no link of Recipient.
func (r *Renderer) CompileNewAddress(c LinkContent, address string) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	link := webAddress(c.URL)
	if link == "" {
		return Compiled{}, fmt.Errorf("mail to a new address: %q is no address to confirm at", c.URL)
	}
	f.Subject, f.Why = f.words("mail.new-address.subject"), f.words("mail.why.new-address")
	return r.compileNotice(noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.new-address.heading"),
		Lines:  []string{f.words("mail.new-address.text", "address", cleanLine(address), "when", f.moment(c.AskedAt, c.Date)), f.L.T("mail.new-address.press")},
		Button: f.L.T("mail.new-address.button"), ButtonURL: link, PlainLabel: f.L.T("mail.confirm.plain"),
		After:     []string{f.L.T("mail.new-address.until", "until", f.moment(c.ExpiresAt, c.Date))},
		AsideText: f.L.T("mail.new-address.ignore"), AsideLabel: f.L.T("mail.confirm.notme"), AsideURL: webAddress(c.NotMeURL),
	}, c.Newsletter, c.Date)
}

// CompileMoved tells the new mailbox that mail comes to it from now on. Needs
// Recipient.PreferencesURL and UnsubscribeURL.
func (r *Renderer) CompileMoved(c LinkContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale).withLinks(r.slots)
	f.Subject, f.Why = f.words("mail.moved.subject"), f.words("mail.why.moved")
	return r.compileNotice(noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.moved.heading"),
		Lines:  []string{f.words("mail.moved.text"), f.L.T("mail.moved.settings"), f.L.T("mail.moved.links")},
		Button: f.L.T("mail.settings.button"), ButtonURL: f.PreferencesURL,
	}, c.Newsletter, c.Date)
}

// CompileOldAddress tells the mailbox that mail comes to so far of a change,
// with the link that stops it; masked is the new address. Needs no link of
// Recipient.
func (r *Renderer) CompileOldAddress(c LinkContent, masked string) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	link := webAddress(c.URL)
	if link == "" {
		return Compiled{}, fmt.Errorf("mail to an old address: %q is no address to stop the change at", c.URL)
	}
	f.Subject, f.Why = f.words("mail.old-address.subject"), f.words("mail.why.old-address")
	return r.compileNotice(noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.old-address.heading"),
		Lines:      []string{f.words("mail.old-address.text", "address", cleanLine(masked), "when", f.moment(c.AskedAt, c.Date)), f.L.T("mail.old-address.next")},
		AsideText:  f.L.T("mail.old-address.ignore"),
		AsideLabel: f.L.T("mail.old-address.button"), AsideURL: link,
		Later: []string{f.L.T("mail.old-address.limit")}, // whoever is warned reads no further
	}, c.Newsletter, c.Date)
}
