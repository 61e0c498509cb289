package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Cached lets anybody keep a page for so long, and asks with its ETag whether it
// is still the same (RFC 9110 section 13). Only for pages that are the same for
// everybody. Answers other than 200 are left as they are.
func Cached(maxAge time.Duration) func(http.Handler) http.Handler {
	control := fmt.Sprintf("public, max-age=%d", int(maxAge.Seconds()))
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			kept := &keptAnswer{ResponseWriter: w, status: http.StatusOK}
			get := r
			if r.Method == http.MethodHead { // the tag is that of the whole page
				get = r.Clone(r.Context())
				get.Method = http.MethodGet
			}
			next.ServeHTTP(kept, get)
			h := w.Header()
			if kept.status != http.StatusOK {
				w.WriteHeader(kept.status)
				_, _ = w.Write(kept.body.Bytes())
				return
			}
			sum := sha256.Sum256(kept.body.Bytes())
			h.Del("Content-Length")
			h.Set("Cache-Control", control)
			h.Set("ETag", strconv.Quote(hex.EncodeToString(sum[:12])))
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(kept.body.Bytes()))
		})
	}
}

// keptAnswer holds an answer back until it is whole. Its header is the real one.
type keptAnswer struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }
