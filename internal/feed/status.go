package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var (
	errRedirects      = errors.New("too many redirects")
	errRedirectScheme = errors.New("redirect to another scheme")
)

// statusError turns any answer but 200 into words.
func statusError(raw string, resp *http.Response) error {
	e := &Error{Kind: KindStatus, URL: raw, Status: resp.StatusCode, Retry: retryAfter(resp.Header)}
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusGone:
		e.Kind, e.Words = KindGone, words("gone")
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && e.Retry > 0:
		e.Kind, e.Words = KindBusy, wordsN("busy", code)
	case code == http.StatusNotFound:
		e.Words = words("missing")
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		e.Words = wordsN("forbidden", code)
	case code >= 500:
		e.Words = wordsN("fault", code)
	default:
		e.Words = wordsN("status", code)
	}
	return e
}

// transportError sorts the errors of net/http.
func transportError(raw string, err error) error {
	e := &Error{Kind: KindConnect, URL: raw, Err: err, Words: words("connect")}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, errRefused):
		e.Kind, e.Words = KindRefused, words("refused")
	case errors.Is(err, errRedirects):
		e.Kind, e.Words = KindRedirect, wordsN("redirects", MaxRedirects)
	case errors.Is(err, errRedirectScheme):
		e.Kind, e.Words = KindRedirect, words("redirect_scheme")
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &record):
		e.Kind, e.Words = KindTLS, words("tls")
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Words = KindTimeout, words("timeout")
	case errors.As(err, &dns):
		e.Kind, e.Words = KindDNS, words("dns")
	}
	return e
}

// retryAfter reads Retry-After: seconds or a date (RFC 9110 section 10.2.3),
// never more than a day. A date is measured against the server's own.
func retryAfter(h http.Header) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if v == "" {
		return 0
	}
	if n, err := strconv.ParseInt(v, 10, 32); err == nil {
		return min(max(0, time.Duration(n)*time.Second), maxRetryAfter)
	}
	at, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0
	}
	return min(max(0, at.Sub(from)), maxRetryAfter)
}
