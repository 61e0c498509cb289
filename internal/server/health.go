package server

import (
	"net/http"

	"vistka/internal/page"
)

// live answers as long as the process serves at all.
func live(w http.ResponseWriter, _ *http.Request) {
	plain(w, http.StatusOK, "ok\n")
}

// ready answers 503 while the database or a role is away; why stands in the log.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if s.Deps.Ready != nil {
		if err := s.Deps.Ready(r.Context()); err != nil {
			s.Log.WarnContext(r.Context(), "not ready", "error", err, "request_id", page.RequestID(r))
			plain(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
	}
	plain(w, http.StatusOK, "ready\n")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}
