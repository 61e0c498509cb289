package server

import (
	"net/http"
	"net/url"
	"strings"
)

// seeOther answers a press with the page that shows what it did (RFC 9110
// section 15.4.4), so that Back and Reload never send a form again. said names
// what the page tells, in its query; empty: nothing. The language that the form
// asked for stays.
func seeOther(w http.ResponseWriter, r *http.Request, path, said string) error {
	q := url.Values{}
	if said != "" {
		q.Set(said, "1")
	}
	if lang := r.PostFormValue("lang"); lang != "" {
		q.Set("lang", lang)
	}
	if len(q) > 0 {
		sign := "?"
		if strings.Contains(path, "?") {
			sign = "&"
		}
		path += sign + q.Encode()
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
