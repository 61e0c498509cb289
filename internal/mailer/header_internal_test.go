package mailer

import (
	"mime"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var encodedWord = regexp.MustCompile(`=\?utf-8\?[bq]\?[^? ]*\?=`)

// title draws what feeds call a title: any characters, long runs without a
// blank, things that look like encoded-words.
func title() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringN(1, 500, -1),
		rapid.StringMatching(`[а-яіїєґ’« »A-Za-z,.=?_ ]{1,500}`),
		rapid.StringMatching(`(=\?utf-8\?q\?[a-z]{1,30}\?= ){1,5}`),
		rapid.StringMatching(`[a-zA-Z0-9%:"\\()<>@.]{1,200}`),
		rapid.StringMatching(`[👍🏽👨‍👩‍👧🇺🇦 ]{1,80}`),
	)
}

func checkLines(t *rapid.T, field string) {
	for line := range strings.SplitSeq(strings.TrimSuffix(field, "\r\n"), "\r\n") {
		if len(line) > foldAt || strings.TrimSpace(line) == "" || strings.ContainsAny(line, "\r\n\x00") {
			t.Fatalf("line %q of %q", line, field)
		}
		for i := range len(line) {
			if line[i] < ' ' || line[i] > '~' {
				t.Fatalf("octet %#x in %q", line[i], line)
			}
		}
		if words := encodedWord.FindAllString(line, -1); len(words) > 0 && len(line) > lineLimit {
			t.Fatalf("line with an encoded-word has %d characters: %q", len(line), line)
		}
	}
	for _, w := range encodedWord.FindAllString(field, -1) {
		decoded, err := new(mime.WordDecoder).Decode(w)
		if err != nil || len(w) > 75 || !utf8.ValidString(decoded) || strings.ContainsRune(decoded, utf8.RuneError) && !strings.Contains(decoded, "\ufffd") {
			t.Fatalf("encoded-word %q: %q, %v", w, decoded, err)
		}
	}
}

func TestA5SubjectComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := cleanLine(title().Draw(t, "title"))
		var h header
		h.text("Subject", want)
		field := string(h.b)
		if want == "" {
			return
		}
		checkLines(t, field)
		unfolded := strings.TrimSuffix(strings.ReplaceAll(strings.TrimPrefix(field, "Subject: "), "\r\n ", " "), "\r\n")
		got, err := new(mime.WordDecoder).DecodeHeader(strings.TrimPrefix(unfolded, " "))
		if err != nil || got != want {
			t.Fatalf("%q came back as %q (%v) from %q", want, got, err, field)
		}
	})
}

func TestA5AddressesAreNeverEncoded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := displayName(title().Draw(t, "name"))
		var h header
		h.mailbox("From", name, "letters@news.example.com")
		field := string(h.b)
		checkLines(t, field)
		if !strings.HasSuffix(field, "<letters@news.example.com>\r\n") || strings.Count(field, "@") != 1 {
			t.Fatalf("%q", field)
		}
	})
}

func TestDisplayNameForms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ phrase, want string }{
		{"", "From: <a@b.example>\r\n"},
		{"The Source Check", "From: The Source Check <a@b.example>\r\n"},
		{"Source, Check Ltd.", "From: \"Source, Check Ltd.\" <a@b.example>\r\n"},
		{`a\b`, "From: \"a\\\\b\" <a@b.example>\r\n"},
		{"=?utf-8?q?x?=", "From: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?= <a@b.example>\r\n"},
		{"Джерела", "From: =?utf-8?b?0JTQttC10YDQtdC70LA=?= <a@b.example>\r\n"},
	} {
		var h header
		h.mailbox("From", c.phrase, "a@b.example")
		if got := string(h.b); got != c.want {
			t.Errorf("%q: got %q, want %q", c.phrase, got, c.want)
		}
	}
	if got := displayName("News <boss@bank.example>\r\nBcc: x"); got != "News bossbank.example Bcc: x" {
		t.Errorf("display name %q", got)
	}
}

func TestHeaderAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"letters@news.example.com", "letters@news.example.com"},
		{"letters@новини.укр", "letters@xn--b1amarcd.xn--j1amh"},
		{"листи@example.com", ""},
		{"", ""},
		{"@example.com", ""},
		{"a@", ""},
		{"a b@example.com", ""},
		{"a@example.com\r\nBcc: x@example.com", ""},
		{"<a@example.com>", ""},
		{"a@exa mple.com", ""},
	} {
		got, err := headerAddress(c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%q: %q, %v", c.in, got, err)
		}
	}
}

func TestA17SubjectIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ title, want string }{
		{"Re: your question", "News · Re: your question"},
		{"FWD : look", "News · FWD : look"},
		{"re[2]: x", "News · re[2]: x"},
		{"Відп: x", "News · Відп: x"},
		{"Reading list: ten books", "Reading list: ten books"},
		{"Report: rivers", "Report: rivers"},
		{" \r\n", "News"},
	} {
		if got := subject(c.title, "News"); got != c.want {
			t.Errorf("%q: got %q, want %q", c.title, got, c.want)
		}
	}
}

func TestCleanLine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"a\r\nBcc: b", "a Bcc: b"},
		{"a\u2028b\u2029c", "a b c"},
		{"x\x00\x1b[31my", "x[31my"},
		{"\u202egpj.exe\u202c", "gpj.exe"},
		{"a\u200b\ufeff\u00adb", "ab"},
		{"  two   blanks ", "two blanks"},
		{"bad\xff", "bad\ufffd"},
		{"👨\u200d👩", "👨\u200d👩"},
		{"5\u00a0%", "5\u00a0%"},
		{"%0d%0aBcc:", "%0d%0aBcc:"},
	} {
		if got := cleanLine(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}
