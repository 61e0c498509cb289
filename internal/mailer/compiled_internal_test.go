package mailer

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func decodeQP(t interface{ Fatal(...any) }, raw []byte) string {
	b, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(raw)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

func checkQPLines(t *rapid.T, raw []byte) {
	for line := range strings.SplitSeq(string(raw), "\r\n") {
		switch {
		case len(line) > 76, strings.ContainsAny(line, "\r\n"):
			t.Fatalf("line of %d octets: %q", len(line), line)
		case strings.HasPrefix(line, "."), strings.HasPrefix(line, "From "):
			t.Fatalf("line would be stuffed: %q", line)
		case strings.HasSuffix(line, " "), strings.HasSuffix(line, "\t"):
			t.Fatalf("blank at the end of %q", line)
		}
	}
}

func TestA1A8QuotedPrintable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.OneOf(rapid.String(), rapid.StringMatching(`([.\n =\tаF]|From |є👍|\.\n){0,200}`)).Draw(t, "text")
		want = strings.ToValidUTF8(strings.ReplaceAll(want, "\r", ""), "")
		raw, _ := appendQP(nil, want, 0)
		checkQPLines(t, raw)
		if got := decodeQP(t, raw); got != want {
			t.Fatalf("%q came back as %q from %q", want, got, raw)
		}
	})
}

// A slot survives whatever column the text before it ends at (a marker cut by
// a soft break would not), and whatever its value.
func TestSlotsSurviveAtEveryColumn(t *testing.T) {
	t.Parallel()
	r := &Renderer{slots: newPlaceholders("0123456789abcdef")}
	for column := range 200 {
		before := strings.Repeat("x", column)
		for _, value := range []string{"u", "https://h.example/u/.=AAA", "." + strings.Repeat("https://a.example/?x=1&y=é.", 30)} {
			for _, after := range []string{"", "\nnext", " after", ".\n"} {
				c := Compiled{segments: r.encodeBody(before+r.slots.unsubscribe()+after, false)}
				raw := c.Append(nil, Recipient{UnsubscribeURL: value})
				if got, want := decodeQP(t, raw), before+value+after; got != want {
					t.Fatalf("column %d: got %q, want %q", column, got, want)
				}
				for line := range strings.SplitSeq(string(raw), "\r\n") {
					if len(line) > 76 || strings.HasPrefix(line, ".") {
						t.Fatalf("column %d: line %q", column, line)
					}
				}
			}
		}
	}
}

// Splicing equals composing for that reader alone.
func TestAppendEqualsStraightforwardComposition(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")
	rapid.Check(t, func(t *rapid.T) {
		r := &Renderer{slots: newPlaceholders("0123456789abcdef")}
		text := rapid.StringMatching(`([a-zй .=\n]{0,90}[UP]){0,6}[a-z\n]{0,90}`).Draw(t, "text")
		value := rapid.StringMatching(`https://[a-z]{1,10}\.example/[a-zA-Z0-9?=&.'<"-]{0,300}`)
		who := Recipient{UnsubscribeURL: value.Draw(t, "u"), PreferencesURL: value.Draw(t, "p")}
		html := rapid.Bool().Draw(t, "html")
		written := func(s string) string {
			if html {
				return escape.Replace(s)
			}
			return s
		}
		marked := strings.NewReplacer("U", r.slots.unsubscribe(), "P", r.slots.preferences()).Replace(text)
		want := strings.NewReplacer("U", written(who.UnsubscribeURL), "P", written(who.PreferencesURL)).Replace(text)
		c := Compiled{segments: r.encodeBody(marked, html)}
		raw := c.Append(nil, who)
		checkQPLines(t, raw)
		if got := decodeQP(t, raw); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	})
}

func TestCompiledIsStoredAndReadBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var a assembly
		for range rapid.IntRange(0, 8).Draw(t, "slots") {
			a.add([]byte(rapid.String().Draw(t, "text")))
			a.slot(slot(rapid.IntRange(1, int(slotEnd)-1).Draw(t, "slot")))
		}
		a.add([]byte("end"))
		c := Compiled(a)
		raw, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back Compiled
		if err := back.UnmarshalBinary(raw); err != nil {
			t.Fatal(err)
		}
		who := Recipient{"a@b.example", "id@b.example", "https://b.example/u", "https://b.example/p"}
		if !bytes.Equal(c.Append(nil, who), back.Append(nil, who)) {
			t.Fatalf("%q", raw)
		}
		cut := rapid.IntRange(0, len(raw)-1).Draw(t, "cut")
		if err := back.UnmarshalBinary(raw[:cut]); err == nil {
			t.Fatalf("%d of %d octets were taken for a message", cut, len(raw))
		}
	})
}

func FuzzUnmarshalBinary(f *testing.F) {
	f.Add([]byte{1, 1, 'a', 0})
	f.Add([]byte{1, 1, 'a', 1, 0, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		var c, again Compiled
		if c.UnmarshalBinary(raw) != nil {
			return
		}
		out, err := c.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		if err := again.UnmarshalBinary(out); err != nil || !reflect.DeepEqual(c, again) {
			t.Fatalf("%q: %v", raw, err)
		}
	})
}
