package server

import (
	"net/http"

	"vistka/internal/newsletter"
)

// shareWith lets the script that asked read the answer if its page is on one of
// the newsletter's sites (Fetch standard, "CORS protocol"). No cookie is ever sent along.
func shareWith(w http.ResponseWriter, r *http.Request, n newsletter.Newsletter) {
	w.Header().Add("Vary", "Origin")
	if origin := r.Header.Get("Origin"); n.OriginAllowed(origin) {
		w.Header().Set("Access-Control-Allow-Origin", origin)
	}
}

// preflight answers a browser that asks before a script may post JSON. Which
// newsletter it is for stands in the body that is yet to come, so a site of any
// of them may; the post itself is judged by its own.
func (s *server) preflight(w http.ResponseWriter, r *http.Request) error {
	h := w.Header()
	h.Add("Vary", "Origin")
	origin := r.Header.Get("Origin")
	listed, err := newsletter.OriginListed(r.Context(), s.DB, origin)
	if err != nil {
		return err
	}
	if listed {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Methods", http.MethodPost)
		h.Set("Access-Control-Allow-Headers", "Content-Type")
		h.Set("Access-Control-Max-Age", "7200")
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(http.StatusNoContent)
	return nil
}
