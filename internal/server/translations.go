package server

import (
	"errors"
	"net/http"
	"slices"

	"vistka/internal/locale"
	"vistka/internal/subscriber"
)

// translationsBody is the choice of whoever reads a newsletter and its
// translation; Languages is empty for everybody else.
type translationsBody struct {
	Languages, Choices []option
}

func (s *server) translationsBody(l *locale.Locale, t subscriber.Translations) (b translationsBody) {
	if !t.Several() {
		return b
	}
	if !slices.Contains(t.Languages, t.Preferred) { // else the first would look chosen
		b.Languages = append(b.Languages, option{"", l.T("preferences.preferred_none"), true})
	}
	for _, code := range t.Languages {
		name := code
		if s.Pages.Catalog().Has(code) {
			name = s.Pages.Catalog().For(code).Name()
		}
		b.Languages = append(b.Languages, option{code, name, code == t.Preferred})
	}
	for _, choice := range []string{subscriber.TranslationWait, subscriber.TranslationFirst, subscriber.TranslationOnly} {
		b.Choices = append(b.Choices, option{choice, l.T("preferences.translation_" + choice), choice == t.Choice})
	}
	return b
}

// changeTranslations takes the language and what is done without it. No
// preference stays none.
func changeTranslations(r *http.Request, p subscriber.Preferences, c *subscriber.Change) error {
	if !p.Several() { // a page that is older than leaving the translation still asks
		return nil
	}
	if v := r.PostFormValue("preferred"); v != "" {
		if !slices.Contains(p.Languages, v) {
			return errors.New("language is none that the reader reads")
		}
		c.Preferred = v
	}
	if v := r.PostFormValue("translation"); v != "" {
		c.Translation = v // the domain knows which there are
	}
	return nil
}
