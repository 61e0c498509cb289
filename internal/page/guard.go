package page

import "net/http"

// LimitBody lets a request's body be at most so many octets long.
func LimitBody(octets int64) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Body = http.MaxBytesReader(w, r.Body, octets)
			next.ServeHTTP(w, r)
		})
	}
}

// OwnPagesOnly gives posts that a browser says come from another site to deny.
// The base URL is trusted by name, for a proxy may have changed the Host.
func OwnPagesOnly(baseURL string, deny http.Handler) func(http.Handler) http.Handler {
	c := http.NewCrossOriginProtection()
	_ = c.AddTrustedOrigin(baseURL) // checked when the configuration was read
	c.SetDenyHandler(deny)
	return c.Handler
}
