package page

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
)

// record gathers what the one log line of a request says.
type record struct {
	id    string
	err   error
	attrs []slog.Attr
}

type recordKey struct{}

func recordOf(r *http.Request) *record {
	rec, _ := r.Context().Value(recordKey{}).(*record)
	return rec
}

// RequestID names the request in the log and on an error page; empty without Log.
func RequestID(r *http.Request) string {
	if rec := recordOf(r); rec != nil {
		return rec.id
	}
	return ""
}

// Note adds attributes to the request's log line. Never an address or a token.
func Note(r *http.Request, attrs ...slog.Attr) {
	if rec := recordOf(r); rec != nil {
		rec.attrs = append(rec.attrs, attrs...)
	}
}

// note keeps the error for the log line; what a client did wrong is no error of ours.
func note(r *http.Request, status int, err error) {
	rec := recordOf(r)
	if rec == nil {
		return
	}
	if status >= http.StatusInternalServerError {
		rec.err = errors.Join(rec.err, err)
	} else {
		rec.attrs = append(rec.attrs, slog.String("refused", err.Error()))
	}
}

// Log writes one line a request: the route's pattern instead of its path, for
// paths hold tokens; no query, no address of the reader. Routes under one of
// quiet's prefixes leave no line unless they fail.
func Log(log *slog.Logger, quiet ...string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			rec := &record{id: strings.ToLower(rand.Text()[:12])}
			r = r.WithContext(context.WithValue(r.Context(), recordKey{}, rec))
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				pattern := "none"
				if c := chi.RouteContext(r.Context()); c != nil && c.RoutePattern() != "" {
					pattern = c.RoutePattern()
				}
				for _, prefix := range quiet {
					if strings.HasPrefix(pattern, prefix) && rec.err == nil {
						return
					}
				}
				status := ww.Status()
				if status == 0 {
					status = http.StatusOK
				}
				level := slog.LevelInfo
				attrs := append([]slog.Attr{
					slog.String("request_id", rec.id),
					slog.String("method", method(r.Method)),
					slog.String("route", pattern),
					slog.Int("status", status),
					slog.Int("bytes", ww.BytesWritten()),
					slog.Duration("took", time.Since(start)),
				}, rec.attrs...)
				if rec.err != nil {
					level = slog.LevelError
					attrs = append(attrs, slog.String("error", rec.err.Error()))
				}
				log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
			}()
			next.ServeHTTP(ww, r)
		})
	}
}

// method keeps what a client made up out of the log.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}
