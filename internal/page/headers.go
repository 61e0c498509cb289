package page

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"vistka/internal/locale"
)

// Policy is what a part of the site allows beyond "nothing but our own files".
// Each list is extra sources in the words of CSP Level 3.
type Policy struct {
	Script, Style, Image, Connect, Frame, FormAction, FrameAncestors []string
	HTTPS                                                            bool // the base URL is https: promise it for two years

	private  bool                                // see Private
	switched func(*locale.Locale, *Error) []Link // see SwitchFailures
}

// keptForBack is how a browser, and nobody else, keeps an answer to a press (a page
// with View.Kept). Such an answer has no address of its own: where it is not stored,
// Back asks to send the form once more (Chromium: ERR_CACHE_MISS); what is kept
// under no-cache is shown as it was left. It is only for what tells nothing of a
// reader: no whole address, no words of theirs, no settings, no link. All that does
// stays under no-store, which Private and FailIn set.
const keptForBack = "private, no-cache"

func (p Policy) header(styleHash string) string {
	var b strings.Builder
	directive := func(name string, fixed string, more []string) {
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(name + " " + strings.TrimSpace(fixed+" "+strings.Join(more, " ")))
	}
	frames := "'none'"
	if len(p.FrameAncestors) > 0 {
		frames = ""
	}
	directive("default-src", "'none'", nil)
	directive("script-src", "'self'", p.Script)
	directive("style-src", strings.TrimSpace("'self' "+styleHash), p.Style)
	directive("img-src", "'self' data:", p.Image)
	directive("connect-src", "'self'", p.Connect)
	if len(p.Frame) > 0 {
		directive("frame-src", "", p.Frame)
	}
	directive("manifest-src", "'self'", nil)
	directive("object-src", "'none'", nil)
	directive("base-uri", "'none'", nil)
	directive("form-action", "'self'", p.FormAction)
	directive("frame-ancestors", frames, p.FrameAncestors)
	return b.String()
}

// parents are the origins among FrameAncestors, without keywords like 'self'.
func (p Policy) parents() string {
	keyword := func(source string) bool { return strings.HasPrefix(source, "'") }
	return strings.Join(slices.DeleteFunc(slices.Clone(p.FrameAncestors), keyword), " ")
}

type policyKey struct{}

// policyOf is the request's own policy, nil outside of Headers.
func policyOf(r *http.Request) *Policy {
	p, _ := r.Context().Value(policyKey{}).(*Policy)
	return p
}

// AllowFrames lets pages of these sources, an error's too, show this request's
// page in a frame. Such a page has neither masthead nor foot.
func AllowFrames(r *http.Request, sources ...string) {
	if p := policyOf(r); p != nil {
		p.FrameAncestors = nil
		for _, source := range sources { // two newsletters may share a site
			if !slices.Contains(p.FrameAncestors, source) {
				p.FrameAncestors = append(p.FrameAncestors, source)
			}
		}
	}
}

// Framed reports whether AllowFrames was called for the request.
func Framed(r *http.Request) bool {
	p := policyOf(r)
	return p != nil && len(p.FrameAncestors) > 0
}

// ShowFrames lets this request's page show pages of these sources in frames.
func ShowFrames(r *http.Request, sources ...string) {
	if p := policyOf(r); p != nil {
		p.Frame = sources
	}
}

// SwitchFailures has an error page that answers this request's press take its
// language switch from languages.
func SwitchFailures(r *http.Request, languages func(*locale.Locale, *Error) []Link) {
	if p := policyOf(r); p != nil {
		p.switched = languages
	}
}

// Headers sets the security headers of every answer, errors and redirects
// included; Render adds the hash of its style to the policy.
func Headers(policy Policy) func(http.Handler) http.Handler {
	plain := policy.header("")
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", plain)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
			if policy.HTTPS {
				h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
			}
			own := policy
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), policyKey{}, &own)))
		})
	}
}

// Private marks pages whose address is a secret: nobody stores them, and no
// other site is told where the reader came from. Not no-referrer, with which
// browsers post our own forms under "Origin: null".
func Private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := policyOf(r); p != nil {
			p.private = true
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "same-origin")
		w.Header().Set("X-Robots-Tag", "noindex, nofollow")
		next.ServeHTTP(w, r)
	})
}
