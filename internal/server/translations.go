package server

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// translationsBody is the choice of whoever reads a newsletter and its
// translation; Languages is empty for everybody else.
type translationsBody struct {
	Languages, Choices []option
}

func (s *server) translationsBody(l *locale.Locale, t subscriber.Translations) (b translationsBody) {
	if len(t.Languages) < 2 {
		return b
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

// saveTranslations is a press on the form of that choice.
func (s *server) saveTranslations(w http.ResponseWriter, r *http.Request) error {
	link := chi.URLParam(r, "token")
	p, err := s.Subscribers.Preferences(r.Context(), link)
	if err != nil {
		return s.noReader(w, r, err)
	}
	err = s.Subscribers.SaveTranslations(r.Context(), link, r.PostFormValue("preferred"), r.PostFormValue("translation"), evidence(r))
	if errors.Is(err, subscriber.ErrBadPreferences) {
		return page.BadRequest(err)
	}
	if err != nil {
		return s.noReader(w, r, err)
	}
	return seeOther(w, r, s.preferencesPath(p), "saved")
}
