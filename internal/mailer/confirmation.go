package mailer

import "fmt"

// CompileConfirmation makes the mail with the link, the address written out
// and the code. Needs no link of Recipient. Returns ErrSender when the
// newsletter cannot be written from, and an error without a link.
func (r *Renderer) CompileConfirmation(c ConfirmationContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	link := webAddress(c.ConfirmURL)
	if link == "" {
		return Compiled{}, fmt.Errorf("confirmation: %q is no address to confirm at", c.ConfirmURL)
	}
	where := siteName(c.PageURL)
	if where == "" {
		where = f.Site
	}
	asked := f.moment(c.AskedAt, c.Date)
	v := noticeView{
		frame: f, Kicker: f.Site, Heading: f.words("mail.confirm.heading"),
		Button: f.L.T("mail.confirm.button"), ButtonURL: link,
		PlainLabel: f.L.T("mail.confirm.plain"), Code: cleanLine(c.Code), CodeLabel: f.L.T("mail.confirm.code"),
		AsideText: f.L.T("mail.confirm.ignore"), AsideLabel: f.L.T("mail.confirm.notme"), AsideURL: webAddress(c.NotMeURL),
	}
	v.Subject = f.words("mail.confirm.subject")
	if f.Site != "" {
		v.Subject = f.words("mail.confirm.subject-site")
	}
	v.Lines = []string{f.L.T("mail.confirm.asked", "newsletter", f.Newsletter.Name, "where", where, "when", asked), f.words("mail.confirm.press")}
	if where == "" {
		v.Lines[0] = f.L.T("mail.confirm.asked-nowhere", "newsletter", f.Newsletter.Name, "when", asked)
	}
	if !c.ExpiresAt.IsZero() {
		v.After = []string{f.L.T("mail.confirm.until", "until", f.moment(c.ExpiresAt, c.Date))}
	}
	v.Why = f.L.T("mail.why.confirm")
	return r.compileNotice(v, c.Newsletter, c.Date)
}
