package feed

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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
		e.Kind, e.Words = KindGone, "The site says that this feed is gone for good (410). It is not asked any more. Give the address of the new feed."
	case code == http.StatusTooManyRequests, code == http.StatusServiceUnavailable && e.Retry > 0:
		e.Kind, e.Words = KindBusy, fmt.Sprintf("The site asks to be left alone for a while (%d). It is asked again later.", code)
	case code == http.StatusNotFound:
		e.Words = "There is nothing at this address (404). Check the feed's address."
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		e.Words = fmt.Sprintf("The site refuses to show the feed (%d). If it has a firewall, let our requests through.", code)
	case code >= 500:
		e.Words = fmt.Sprintf("The site has a fault of its own (%d). It is asked again later; nothing is lost.", code)
	default:
		e.Words = fmt.Sprintf("The site answered %d instead of the feed.", code)
	}
	return e
}

// transportError sorts the errors of net/http.
func transportError(raw string, err error) error {
	e := &Error{Kind: KindConnect, URL: raw, Err: err, Words: "The site could not be reached, or the connection broke. It is asked again later."}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.Is(err, errRefused):
		e.Kind, e.Words = KindRefused, "This address is not on the public internet, or its port is not 80 or 443. If it is meant, list it in VISTKA_FEED_ALLOW as host:port."
	case errors.Is(err, errRedirects):
		e.Kind, e.Words = KindRedirect, fmt.Sprintf("The address redirects more than %d times. Give the address where it ends.", MaxRedirects)
	case errors.Is(err, errRedirectScheme):
		e.Kind, e.Words = KindRedirect, "The address redirects to something that is not a web page."
	case errors.As(err, &cert), errors.As(err, &unknown), errors.As(err, &record):
		e.Kind, e.Words = KindTLS, "The site's certificate is not valid for this address. Renew it, or check the address."
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Kind, e.Words = KindTimeout, "The site did not answer in 30 seconds. It is asked again later."
	case errors.As(err, &dns):
		e.Kind, e.Words = KindDNS, "There is no site of this name. Check the spelling of the address."
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
