package server

import (
	"strings"

	"vistka/internal/locale"
	"vistka/internal/newsletter"
)

// wording is what our own sign-up page says beside the button, a line each, as
// proof of what was agreed to (GDPR article 7(1), rule C13). The text
// itself is kept, not a version: it changes with a newsletter's settings.
func wording(l *locale.Locale, n newsletter.Newsletter) string {
	lines := []string{
		l.T("signup.title", "name", n.Name), l.T("signup.what_" + n.DefaultCadence), l.T("signup.label"), l.T("signup.button"),
		l.T("signup.consent", "name", n.Name),
	}
	if n.PrivacyURL != "" {
		lines = append(lines, l.T("signup.privacy"))
	}
	if n.Description != "" {
		lines = append(lines, n.Description)
	}
	return strings.Join(lines, "\n")
}

// confirmWording is what the page behind the mail's link says beside its button.
// Words that stand for the address have its place, for the wording outlives the
// person's data.
func confirmWording(l *locale.Locale, n newsletter.Newsletter) string {
	lead := l.T("confirm.text", "name", n.Name, "address", l.T("consent.your_address"))
	return l.T("confirm.title") + "\n" + lead + "\n" + l.T("confirm.consent", "name", n.Name) + "\n" + l.T("confirm.button")
}

// codeWording is what stands beside the six digits, on our pages and in the
// words that the API gives to scripts.
func codeWording(l *locale.Locale, n newsletter.Newsletter) string {
	return l.T("sent.code_label") + "\n" + l.T("sent.code_consent", "name", n.Name) + "\n" + l.T("sent.code_button")
}
