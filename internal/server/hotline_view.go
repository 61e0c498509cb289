package server

import (
	"net/http"

	"vistka/internal/hotline"
	"vistka/internal/locale"
	"vistka/internal/page"
)

// hotlineBody is the Body of pages/hotline.html.
type hotlineBody struct {
	hotline.Request        // as it was typed
	Article         string // as the form says; only for the way back
	FormToken       string
	Errors          map[string]string // field to words
	Notice          string            // above the form
	Reach           hotlineReach
	NotAnonymous    string // what stays of a request, and for how long
	Elsewhere       string // where to go instead
	Languages       []page.Link
	OtherKind       hotline.Kind
	OtherURL        string
	MostText        string // how long a complaint may be, as words have it

	told *refusal // what it answers a press with
}

// hotlineReach is how to reach the desk without a form.
type hotlineReach struct{ Phone, Dial, Hours string }

// ToMend is for the title.
func (b hotlineBody) ToMend() bool { return len(b.Errors) > 0 }

// hotlineThanksBody is the Body of pages/hotline_thanks.html.
type hotlineThanksBody struct {
	Kind      hotline.Kind
	Reference string
	Reach     hotlineReach
	Told      bool   // of the press that led here
	Article   string // where the form stood; empty: it did not say, or that is no site of ours
	Site      string
}

func reachOf(l *locale.Locale, set hotline.Settings) hotlineReach {
	return hotlineReach{Phone: set.Phone, Dial: set.Dial(), Hours: set.Hours[l.Code()]}
}

// First is the first field, as they stand in the form, that is to be mended.
func (b hotlineBody) First() string {
	for _, field := range []string{"name", "phone", "best_time", "subject", "text", "contact"} {
		if b.Errors[field] != "" {
			return field
		}
	}
	return ""
}

func (s *server) renderHotline(w http.ResponseWriter, r *http.Request, status int, l *locale.Locale, house hotlineHouse, b hotlineBody) error {
	b = s.furnish(l, house.Settings, b)
	b.OtherURL = hotlineURL(r, b.OtherKind, l)
	v := page.View{
		L: l, Title: l.T("hotline." + string(b.Kind) + ".title"), Site: house.site(l), Languages: s.languages(r, l), Body: b,
	}
	if r.Method == http.MethodPost {
		v.Languages = s.same(l, r.URL.Path, r.PostForm, b.told)
	}
	return s.Pages.Render(w, r, status, "pages/hotline", v)
}

// furnish adds what the page says beside what was typed.
func (s *server) furnish(l *locale.Locale, set hotline.Settings, b hotlineBody) hotlineBody {
	b.MostText = l.Number(hotline.MaxText)
	b.FormToken, b.Reach = s.formToken(hotlineForm), reachOf(l, set)
	b.NotAnonymous = l.T("hotline.known_text")
	if set.KeepDays > 0 { // unknown while the database is away
		b.NotAnonymous += " " + l.N("hotline.known_days", set.KeepDays)
	}
	if b.Elsewhere = set.Elsewhere[l.Code()]; b.Elsewhere == "" {
		b.Elsewhere = l.T("hotline.elsewhere")
	}
	for _, other := range s.Pages.Catalog().All() {
		b.Languages = append(b.Languages, page.Link{Code: other.Code(), Name: other.Name()})
	}
	b.OtherKind = hotline.Callback
	if b.Kind == hotline.Callback {
		b.OtherKind = hotline.Complaint
	}
	return b
}
