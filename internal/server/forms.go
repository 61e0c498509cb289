package server

import (
	"errors"
	"net/http"

	"vistka/internal/page"
)

// missing makes a sentinel that means "not there" a 404 and leaves the rest.
func missing(err, sentinel error) error {
	if errors.Is(err, sentinel) {
		return page.NotFound(err)
	}
	return err
}

// parseForm reads a urlencoded or multipart body.
func parseForm(r *http.Request) error {
	if err := r.ParseForm(); err != nil { // first: the other hides its error
		return badForm(err)
	}
	if err := r.ParseMultipartForm(maxBody); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return badForm(err)
	}
	return nil
}

// badForm is a body that cannot be read: too large, cut off, or no form.
func badForm(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return err
	}
	return page.BadRequest(err)
}
