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
		line, err := readLine(in)
		if err != nil {
			return err
		}
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
	r.Code, r.Garbled = code, code < 200 || code > 599
	if r.worded() {
		r.Text = CleanReply(text.String())
	}
	return nil
}

// worded tells that somebody may read the relay's words: a yes to anything but
// the message itself says nothing, and comes three times a mail.
func (r *Reply) worded() bool {
	return r.Stage == StageFinal || r.Garbled || r.Code >= 400
}

// readLine gives a line without its end. One that is cut off is an error.
func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		if err == io.EOF && line != "" {
			err = io.ErrUnexpectedEOF
		}
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
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

// enhanced splits the status code of RFC 3463 off a reply's text. One of
// another class than the reply is not believed.
func enhanced(code int, text string) (string, string) {
	status, rest, _ := strings.Cut(text, " ")
	class, detail, _ := strings.Cut(status, ".")
	subject, detail, _ := strings.Cut(detail, ".")
	if len(class) != 1 || !strings.Contains("245", class) || int(class[0]-'0') != code/100 || !shortNumber(subject) || !shortNumber(detail) {
		return "", text
	}
	return status, strings.TrimSpace(rest)
}

func shortNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}

var addressLike = regexp.MustCompile(`<?[^\s<>@"'(),:;\[\]=]+@[^\s<>@"'(),:;\]=]+>?`)

// CleanReply makes a relay's words fit to be stored and shown: addresses
// replaced, control characters gone, valid UTF-8, at most 500 octets.
func CleanReply(text string) string {
	if isClean(text) {
		return text
	}
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

// isClean says that CleanReply would change nothing, as it does for nearly
// every 250.
func isClean(text string) bool {
	space := true
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ' && space, c < ' ', c >= 0x7f, c == '@':
			return false
		default:
			space = c == ' '
		}
	}
	return len(text) <= maxReplyText && (text == "" || !space)
}

// String is the reply as it is stored: code, status, words.
func (r Reply) String() string {
	var b strings.Builder
	if r.Code != 0 {
		b.WriteString(strconv.Itoa(r.Code))
	}
	for _, p := range [...]string{r.Enhanced, r.Text} {
		if p != "" && b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}

// ParseReply reads what String wrote, for judging a stored reply anew. What is
// no reply has the code 0.
func ParseReply(stage Stage, stored string) Reply {
	code, _, text, ok := replyLine(stored)
	if !ok {
		return Reply{Stage: stage, Text: stored}
	}
	r := Reply{Stage: stage, Code: code}
	r.Enhanced, r.Text = enhanced(code, text)
	return r
}
