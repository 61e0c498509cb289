package admin

import (
	"vistka/internal/hotline"
	"vistka/internal/locale"
)

// hotlineSnippet is what the templates of the hotline's snippets are made from.
// Its words are in the form's language, not in the account's.
type hotlineSnippet struct {
	L                    *locale.Locale
	BaseURL              string
	ScriptURL, Integrity string
	Kind, Other          hotline.Kind
	Phone, Dial, Hours   string
}

// hotlinePaste is a form to be pasted into a page of the site.
type hotlinePaste struct {
	ID, Name, HTML string
	Rows           int
}

// hotlinePastes are the ways to put the hotline on a site, named in the
// account's language l.
func (a *admin) hotlinePastes(l, form *locale.Locale, set hotline.Settings) ([]hotlinePaste, error) {
	path, integrity, err := a.Pages.Embedded(embedScript)
	if err != nil {
		return nil, err
	}
	of := hotlineSnippet{
		L: form, BaseURL: a.BaseURL, ScriptURL: a.BaseURL + path, Integrity: integrity, Phone: set.Phone, Dial: set.Dial(), Hours: set.Hours[form.Code()],
	}
	var pastes []hotlinePaste
	for _, p := range []struct {
		id, name, block string
		kind, other     hotline.Kind
	}{
		{"callback", l.T("admin.hotline.kind.callback"), "hotline-form", hotline.Callback, hotline.Complaint},
		{"complaint", l.T("admin.hotline.kind.complaint"), "hotline-form", hotline.Complaint, hotline.Callback},
		{"frame", l.T("admin.hotline.site.frame"), "hotline-frame", hotline.Callback, hotline.Complaint},
	} {
		of.Kind, of.Other = p.kind, p.other
		html, err := a.Pages.Block("admin/hotline_settings", p.block, of)
		if err != nil {
			return nil, err
		}
		pastes = append(pastes, hotlinePaste{ID: p.id, Name: p.name, HTML: html, Rows: 1 + lines(html)})
	}
	return pastes, nil
}
