package feed

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	defaultUserAgent = "Vistka/1.0 (newsletter; reads feeds)"
	acceptFeed       = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
	acceptPage       = "text/html, application/xhtml+xml, */*;q=0.5"
	maxRetryAfter    = 24 * time.Hour
)

// Fetcher asks web servers. The zero value works. Environment proxies are
// ignored: a proxy would connect for us to addresses that we refuse.
type Fetcher struct {
	// Allow lists host:port pairs, spelled as in the address, that may be asked
	// though they are not public or their port is unusual.
	Allow []string
	// UserAgent should name the product and an address where it is explained.
	UserAgent string

	once   sync.Once
	client *http.Client
}

// Fetch asks for a feed, conditionally when r has an ETag or a date. Bounded by
// FetchTimeout, MaxRedirects and MaxBytes. Errors are *Error.
func (f *Fetcher) Fetch(ctx context.Context, r Request) (Response, error) {
	ctx, cancel := context.WithTimeout(ctx, FetchTimeout)
	defer cancel()
	header := http.Header{"Accept": {acceptFeed}}
	if r.ETag != "" {
		header.Set("If-None-Match", r.ETag)
	}
	if r.LastModified != "" {
		header.Set("If-Modified-Since", r.LastModified)
	}
	resp, moved, err := f.get(ctx, r.URL, header)
	if err != nil {
		return Response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	out := Response{
		ContentType:  resp.Header.Get("Content-Type"),
		ETag:         resp.Header.Get("ETag"),
		LastModified: resp.Header.Get("Last-Modified"),
		FinalURL:     resp.Request.URL.String(),
		MovedTo:      moved,
		Retry:        retryAfter(resp.Header),
	}
	conditional := r.ETag != "" || r.LastModified != ""
	if resp.StatusCode == http.StatusNotModified && conditional {
		out.NotModified = true
		out.ETag, out.LastModified = cmp.Or(out.ETag, r.ETag), cmp.Or(out.LastModified, r.LastModified)
		return out, nil
	}
	if err := statusError(r.URL, resp); err != nil {
		return Response{}, err
	}
	if err := contentError(r.URL, resp.Header); err != nil {
		return Response{}, err
	}
	out.Body, err = readBody(r.URL, resp.Body)
	return out, err
}

// get makes one GET. moved is the last address of the way when each redirect on
// it was permanent (301, 308), else "".
func (f *Fetcher) get(ctx context.Context, raw string, header http.Header) (resp *http.Response, moved string, err error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.User != nil {
		return nil, "", &Error{
			Kind: KindAddress, URL: raw, Err: err,
			Words: words("address"),
		}
	}
	u.Fragment = ""
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, "", &Error{Kind: KindAddress, URL: raw, Err: err, Words: words("address")}
	}
	req.Header = header
	req.Header.Set("User-Agent", cmp.Or(f.UserAgent, defaultUserAgent))
	f.once.Do(f.build)
	resp, err = f.client.Do(req)
	if err != nil {
		return nil, "", transportError(raw, err)
	}
	permanent := resp.Request.Response != nil
	for hop := resp.Request.Response; hop != nil; hop = hop.Request.Response {
		permanent = permanent && (hop.StatusCode == http.StatusMovedPermanently || hop.StatusCode == http.StatusPermanentRedirect)
	}
	if permanent {
		moved = resp.Request.URL.String()
	}
	return resp, moved, nil
}

func (f *Fetcher) build() {
	f.client = &http.Client{
		Transport: &http.Transport{
			Proxy:                  nil,
			DialContext:            f.dial,
			ForceAttemptHTTP2:      true,
			DisableKeepAlives:      true, // minutes lie between two requests
			TLSHandshakeTimeout:    10 * time.Second,
			ResponseHeaderTimeout:  20 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) > MaxRedirects {
				return errRedirects
			}
			if s := req.URL.Scheme; s != "http" && s != "https" {
				return fmt.Errorf("%w: %s", errRedirectScheme, s)
			}
			req.Header.Del("Referer")
			return nil
		},
	}
}

func readBody(raw string, r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if len(body) > MaxBytes {
		return nil, &Error{
			Kind: KindTooLarge, URL: raw,
			Words: words("too_large"),
		}
	}
	if err != nil {
		return nil, transportError(raw, err)
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, &Error{Kind: KindEmpty, URL: raw, Words: words("empty")}
	}
	return body, nil
}

// contentError refuses what cannot be a feed. A feed served as text/html or
// text/plain is common, so those go on to the parser.
func contentError(raw string, h http.Header) error {
	if enc := h.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return &Error{
			Kind: KindContentType, URL: raw,
			Words: wordsOf("compressed", enc),
		}
	}
	media, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	major, _, _ := strings.Cut(media, "/")
	switch {
	case major == "image", major == "video", major == "audio", major == "font", media == "application/pdf", media == "application/zip":
		return &Error{Kind: KindContentType, URL: raw, Words: wordsOf("file", media)}
	}
	return nil
}
