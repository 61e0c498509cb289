package server

import (
	"errors"
	"net/http"

	"vistka/internal/page"
)

// ping is how a site says that it has published: url names its feed or a page
// of it. The answer is the same whether we know the site or not.
func (s *server) ping(w http.ResponseWriter, r *http.Request) error {
	if s.limits.pings(w, r) {
		return errTooMany()
	}
	url := r.PostFormValue("url")
	if url == "" {
		return page.BadRequest(errors.New("ping without url"))
	}
	if err := s.Ping(r.Context(), url); err != nil {
		return err
	}
	w.WriteHeader(http.StatusAccepted)
	return nil
}
