package server

import (
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"vistka/internal/newsletter"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// embedPage is the hosted page for a frame on one of the newsletter's sites.
func (s *server) embedPage(w http.ResponseWriter, r *http.Request) error {
	n, err := s.openNewsletter(r, chi.URLParam(r, "slug"))
	if err != nil {
		if n.ID != 0 { // archived
			frame(r, n)
		}
		return err
	}
	frame(r, n)
	article := s.article(n, r.FormValue("article"))
	if article == "" {
		article = s.article(n, pageOf(r.Referer()))
	}
	return s.renderSignup(w, r, http.StatusOK, n, signupBody{Article: article})
}

// frame lets this request's page stand in a frame on the newsletter's sites,
// and in the admin pages' preview.
func frame(r *http.Request, n newsletter.Newsletter) {
	page.AllowFrames(r, append([]string{"'self'"}, n.Origins...)...)
}

// frameAgain keeps a reader in the frame that a form was pressed in.
func frameAgain(r *http.Request, n newsletter.Newsletter) {
	if r.PostFormValue("frame") != "" {
		frame(r, n)
	}
}

// pageOf is a referrer that names a page; browsers often tell the site alone,
// which is no article to go back to.
func pageOf(referrer string) string {
	if u, err := url.Parse(referrer); err != nil || u.Path == "" || u.Path == "/" {
		return ""
	}
	return referrer
}

// confirmedByCode shows what the code did: on a page of its own, or where the
// reader stands in a frame, there.
func (s *server) confirmedByCode(w http.ResponseWriter, r *http.Request, c subscriber.Confirmation) error {
	if page.Framed(r) {
		return s.renderConfirmed(w, r, c)
	}
	if c.Outcome == subscriber.Confirmed {
		return s.say(w, r, "/confirm/"+c.Link, saidConfirmed)
	}
	return s.seeOther(w, r, "/confirm/"+c.Link, "")
}
