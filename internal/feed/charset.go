package feed

import (
	"bytes"
	"mime"
	"regexp"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

var (
	xmlDecl     = regexp.MustCompile(`(?s)^\s*<\?xml\b[^>]*\?>`)
	xmlEncoding = regexp.MustCompile(`\bencoding\s*=\s*["']([A-Za-z0-9._:-]+)["']`)
)

// toUTF8 turns a body into UTF-8 without a byte order mark and, for XML, without
// its declaration, so that no later reader decodes it again.
//
// Order: byte order mark; UTF-8 if the bytes are valid UTF-8 (text in another
// charset is practically never, while headers are often a server's blind
// default); the Content-Type header (RFC 7303 ranks it first) unless it is the
// classic default ISO-8859-1 and the prolog says otherwise; the prolog.
func toUTF8(body []byte, contentType string) []byte {
	name, bom := bomCharset(body)
	body = body[bom:]
	if name == "" {
		name = declared(body, contentType)
	}
	if name != "utf-8" {
		if enc, canon := charset.Lookup(name); enc != nil && canon != "utf-8" && canon != "replacement" {
			if out, err := enc.NewDecoder().Bytes(body); err == nil {
				body = out
			}
		}
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\uFFFD"))
	}
	return xmlDecl.ReplaceAll(body, nil)
}

func bomCharset(body []byte) (name string, size int) {
	switch {
	case bytes.HasPrefix(body, []byte("\xEF\xBB\xBF")):
		return "utf-8", 3
	case bytes.HasPrefix(body, []byte("\xFE\xFF")):
		return "utf-16be", 2
	case bytes.HasPrefix(body, []byte("\xFF\xFE")):
		return "utf-16le", 2
	case bytes.HasPrefix(body, []byte("\x00<\x00?")):
		return "utf-16be", 0
	case bytes.HasPrefix(body, []byte("<\x00?\x00")):
		return "utf-16le", 0
	}
	return "", 0
}

func declared(body []byte, contentType string) string {
	_, params, _ := mime.ParseMediaType(contentType)
	header, prolog := strings.ToLower(params["charset"]), ""
	if m := xmlEncoding.FindSubmatch(xmlDecl.Find(body[:min(len(body), 1024)])); m != nil {
		prolog = strings.ToLower(string(m[1]))
	}
	names := []string{header, prolog}
	if header == "iso-8859-1" || header == "us-ascii" || header == "latin1" {
		names = []string{prolog, header}
	}
	for _, n := range names {
		if strings.HasPrefix(n, "iso-2022") || strings.HasPrefix(n, "utf-16") || strings.HasPrefix(n, "hz") {
			return n // pure ASCII octets, so validity as UTF-8 says nothing
		}
	}
	if utf8.Valid(body) {
		return "utf-8"
	}
	for _, n := range names {
		if n != "" && n != "utf-8" && n != "utf8" {
			return n
		}
	}
	if header == "" && prolog == "" {
		return "windows-1252"
	}
	return "utf-8"
}
