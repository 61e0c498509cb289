package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// homeBody is the Body of pages/home.html.
type homeBody struct {
	Missing     *page.Error // why the list is shown instead of one newsletter
	Newsletters []homeLine
}

type homeLine struct{ Name, Description, Language, URL string }

// home lists the newsletters; where there is only one, it is its sign-up page.
func (s *server) home(w http.ResponseWriter, r *http.Request) error {
	open, err := s.open(r.Context())
	if err != nil {
		return err
	}
	if len(open) == 1 {
		return s.renderSignup(w, r, http.StatusOK, open[0], signupBody{Article: s.article(open[0], r.FormValue("article"))})
	}
	return s.renderHome(w, r, nil, open)
}

// open are the newsletters that take sign-ups.
func (s *server) open(ctx context.Context) ([]newsletter.Newsletter, error) {
	all, err := newsletter.List(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(n newsletter.Newsletter) bool { return n.ArchivedAt != nil }), nil
}

func (s *server) renderHome(w http.ResponseWriter, r *http.Request, missing *page.Error, open []newsletter.Newsletter) error {
	l := s.Pages.Locale(r)
	body := homeBody{Missing: missing}
	for _, n := range open {
		body.Newsletters = append(body.Newsletters, homeLine{n.Name, n.Description, n.Language, "/n/" + url.PathEscape(n.Slug)})
	}
	v := page.View{L: l, Title: l.T("home.title"), Indexed: true, Languages: s.languages(r, l), Body: body}
	status := http.StatusOK
	if missing != nil {
		status, v.Title, v.Indexed = missing.Status, l.T(missing.Title()), false
		v.Kept = true
		w.Header().Set("Cache-Control", "no-store")
	}
	return s.Pages.Render(w, r, status, "pages/home", v)
}
