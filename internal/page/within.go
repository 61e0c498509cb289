package page

import (
	"context"
	"net/http"
	"time"
)

// Budget is how long a page may take. It is what one-click leaving may
// (rule B12): who waits longer has gone, or presses again.
const Budget = 5 * time.Second

// Within ends a request's context after d. What the handler returns of that
// becomes a 503 with Retry-After: a database that hangs must not hang readers.
func Within(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
