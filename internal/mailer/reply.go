package mailer

import (
	"bufio"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Stage is how far a transaction got when its last reply came, or did not.
type Stage string

const (
	StageMail  Stage = "MAIL"
	StageRcpt  Stage = "RCPT"
	StageData  Stage = "DATA"
	StageBody  Stage = "body"  // before the final dot: the relay has nothing (RFC 5321 section 4.1.1.4)
	StageFinal Stage = "final" // the dot was written: without a reply nobody knows
)

// Reply is the relay's last word on one message.
type Reply struct {
	Stage    Stage
	Code     int    // 0: none came, or not a complete one
	Enhanced string // RFC 3463, like 5.1.1; empty if there was none
	Text     string // in one line, addresses replaced, shortened
	Garbled  bool   // a complete line that is not a reply, or a code outside 2 to 5
	Local    bool   // our own refusal: the relay was not asked
}

// maxReplyText is how much of a reply is kept, in octets.
const maxReplyText = 500

// read takes one reply, possibly of several lines. It is stricter and more
// lenient than textproto where a duplicate would be the price: "250" without a
// text is a 250, and a line cut off by the end of the connection is none.
func (r *Reply) read(in *bufio.Reader) error {
	var code int
	var text strings.Builder
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			if err == io.EOF && line != "" {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		line = strings.TrimRight(line, "\r\n")
		n, more, rest, ok := replyLine(line)
		if !ok || !first && n != code {
			r.Garbled, r.Text = true, CleanReply(line)
			return nil
		}
		code = n
		if text.Len() > 0 {
			text.WriteByte(' ')
		}
		if !first && r.Enhanced != "" {
			rest = strings.TrimPrefix(rest, r.Enhanced+" ") // repeated on each line
		}
		if first {
			r.Enhanced, rest = enhanced(code, rest)
		}
		text.WriteString(rest)
		if !more {
			break
		}
	}
	r.Code, r.Text = code, CleanReply(text.String())
	r.Garbled = code < 200 || code > 599
	return nil
}

func replyLine(line string) (code int, more bool, rest string, ok bool) {
	if len(line) < 3 {
		return 0, false, "", false
	}
	for i := range 3 {
		if line[i] < '0' || line[i] > '9' {
			return 0, false, "", false
		}
	}
	code, _ = strconv.Atoi(line[:3])
	switch {
	case len(line) == 3:
		return code, false, "", true
	case line[3] == ' ':
		return code, false, line[4:], true
	case line[3] == '-':
		return code, true, line[4:], true
	}
	return 0, false, "", false
}

var enhancedCode = regexp.MustCompile(`^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)`)

// enhanced splits the status code of RFC 3463 off a reply's text. One of
// another class than the reply is not believed.
func enhanced(code int, text string) (string, string) {
	m := enhancedCode.FindStringSubmatch(text)
	if m == nil || int(m[1][0]-'0') != code/100 {
		return "", text
	}
	return m[1], strings.TrimSpace(text[len(m[1]):])
}

var addressLike = regexp.MustCompile(`<?[^\s<>@"'(),:;\[\]=]+@[^\s<>@"'(),:;\]=]+>?`)

// CleanReply makes a relay's words fit to be stored and shown: addresses
// replaced, control characters gone, valid UTF-8, at most 500 octets.
func CleanReply(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, text)
	text = addressLike.ReplaceAllString(text, "<address>")
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= maxReplyText {
		return text
	}
	cut := maxReplyText - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

// String is the reply as it is stored: code, status, words.
func (r Reply) String() string {
	var parts []string
	if r.Code != 0 {
		parts = append(parts, strconv.Itoa(r.Code))
	}
	for _, p := range []string{r.Enhanced, r.Text} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}
