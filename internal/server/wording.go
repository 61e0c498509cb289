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
