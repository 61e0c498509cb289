package mailer

// CompileSettings makes the mail to someone who signed up again: "you are on
// the list". Needs Recipient.PreferencesURL and UnsubscribeURL.
func (r *Renderer) CompileSettings(c SettingsContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale).withLinks(r.slots)
	f.Subject, f.Why = f.words("mail.settings.subject"), f.words("mail.why.settings")
	when := cadenceWords(f, "mail.settings.cadence", c.Cadence)
	if !c.PausedTo.IsZero() {
		when = f.L.T("mail.settings.paused", "date", f.L.Date(c.PausedTo))
	}
	v := noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.settings.heading"),
		Lines:  []string{f.words("mail.settings.text", "when", f.moment(c.AskedAt, c.Date)), when},
		Button: f.L.T("mail.settings.button"), ButtonURL: f.PreferencesURL,
		After: []string{f.L.T("mail.settings.ignore")},
	}
	return r.compileNotice(v, c.Newsletter, c.Date)
}

// CompileWelcome makes the first mail after confirmation. Needs
// Recipient.PreferencesURL and UnsubscribeURL.
func (r *Renderer) CompileWelcome(c WelcomeContent) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale).withLinks(r.slots)
	f.Subject, f.Why = f.words("mail.welcome.subject"), f.words("mail.why.edition")
	v := noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.words("mail.welcome.heading"),
		Lines:  []string{cadenceWords(f, "mail.welcome.text", c.Cadence), f.L.T("mail.welcome.leave")},
		Button: f.L.T("mail.settings.button"), ButtonURL: f.PreferencesURL,
		Heading2: f.L.T("mail.welcome.latest"),
	}
	for _, a := range c.Latest[:min(3, len(c.Latest))] {
		v.Articles = append(v.Articles, r.article(f, a, fits[1]))
	}
	return r.compileNotice(v, c.Newsletter, c.Date)
}
