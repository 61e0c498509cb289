package admin

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/page"
)

// hotlineSnippet is what the templates of one of the hotline's snippets are
// made from. Its words are in the form's language, not in the account's.
type hotlineSnippet struct {
	ID                   string
	L                    *locale.Locale
	BaseURL              string
	ScriptURL, Integrity string
	Kind, Other          hotline.Kind
	Phone, Dial, Hours   string
}

// MaxText is how long a complaint may be, in characters.
func (hotlineSnippet) MaxText() int { return hotline.MaxText }

// hotlineSnippets are the ways to put the hotline on a site.
func (a *admin) hotlineSnippets(r *http.Request) ([]hotlineSnippet, error) {
	set, err := a.Hotline.Settings(r.Context())
	if err != nil {
		return nil, err
	}
	path, integrity, err := a.Pages.Embedded(embedScript)
	if err != nil {
		return nil, err
	}
	l := a.formLocale(r, a.locale(r).Code())
	callback := hotlineSnippet{
		ID: "callback", L: l, BaseURL: a.BaseURL, ScriptURL: a.BaseURL + path, Integrity: integrity,
		Kind: hotline.Callback, Other: hotline.Complaint, Phone: set.Phone, Dial: set.Dial(), Hours: set.Hours[l.Code()],
	}
	complaint, frame := callback, callback
	complaint.ID, complaint.Kind, complaint.Other = "complaint", hotline.Complaint, hotline.Callback
	frame.ID = "frame"
	return []hotlineSnippet{callback, complaint, frame}, nil
}

// hotlinePastes are the snippets as the settings show them.
func (a *admin) hotlinePastes(r *http.Request) ([]paste, error) {
	snippets, err := a.hotlineSnippets(r)
	if err != nil {
		return nil, err
	}
	pastes := make([]paste, len(snippets))
	for i, s := range snippets {
		name := a.locale(r).T("admin.hotline.site." + s.ID)
		if pastes[i], err = a.paste(s.ID, name, "admin/hotline_preview", "hotline-snippet", "/admin/hotline/settings", s.L, s); err != nil {
			return nil, err
		}
	}
	return pastes, nil
}

// hotlinePreview is a snippet on a page without a site's own look.
func (a *admin) hotlinePreview(w http.ResponseWriter, r *http.Request) error {
	snippets, err := a.hotlineSnippets(r)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(snippets, func(s hotlineSnippet) bool { return s.ID == chi.URLParam(r, "snippet") })
	if i < 0 {
		return page.NotFound(nil)
	}
	page.AllowFrames(r, "'self'")
	page.ShowFrames(r, "'self'")
	l := snippets[i].L
	return a.Pages.Render(w, r, http.StatusOK, "admin/hotline_preview", page.View{
		L: l, Title: l.T("hotline." + string(snippets[i].Kind) + ".title"), Body: snippets[i],
	})
}
