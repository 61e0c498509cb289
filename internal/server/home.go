package server

import (
	"net/http"
	"net/url"

	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// homeBody is the Body of pages/home.html.
type homeBody struct{ Newsletters []homeLine }

type homeLine struct{ Name, Description, Language, URL string }

// home lists the newsletters; where there is only one, it is its sign-up page.
func (s *server) home(w http.ResponseWriter, r *http.Request) error {
	all, err := newsletter.List(r.Context(), s.DB)
	if err != nil {
		return err
	}
	open := all[:0]
	for _, n := range all {
		if n.ArchivedAt == nil {
			open = append(open, n)
		}
	}
	if len(open) == 1 {
		return s.renderSignup(w, r, http.StatusOK, open[0], signupBody{Article: s.article(open[0], r.FormValue("article"))})
	}
	return s.renderHome(w, r, open)
}

func (s *server) renderHome(w http.ResponseWriter, r *http.Request, open []newsletter.Newsletter) error {
	l := s.Pages.Locale(r, "")
	body := homeBody{}
	for _, n := range open {
		body.Newsletters = append(body.Newsletters, homeLine{n.Name, n.Description, n.Language, "/n/" + url.PathEscape(n.Slug)})
	}
	return s.Pages.Render(w, r, http.StatusOK, "pages/home", page.View{
		L: l, Title: l.T("home.title"), Indexed: true, Languages: s.Pages.Languages(r, l), Body: body,
	})
}
