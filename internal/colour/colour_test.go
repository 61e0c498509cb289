package colour_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"vistka/internal/colour"
)

func anyColour(t *rapid.T, label string) colour.Colour {
	c, ok := colour.Parse(fmt.Sprintf("#%06x", rapid.IntRange(0, 0xffffff).Draw(t, label)))
	if !ok {
		t.Fatal("a colour is none")
	}
	return c
}

func TestEveryColourReadsOnBothPapersAndUnderItsInk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c, want := anyColour(t, "colour"), rapid.Float64Range(colour.Enough, 7).Draw(t, "contrast")
		for _, paper := range []colour.Colour{colour.Paper, colour.PaperDark} {
			on := c.ReadableOn(paper, want)
			if got := colour.Contrast(on, paper); got < want {
				t.Errorf("%v on %v is %v: %.2f, want %.2f", c, paper, on, got, want)
			}
			if got := colour.Contrast(on.Ink(), on); got < 4 {
				t.Errorf("words on %v: %.2f", on, got)
			}
			if colour.Contrast(c, paper) >= want && on != c {
				t.Errorf("%v reads on %v, and became %v", c, paper, on)
			}
		}
	})
}

func TestContrastIsThatOfWCAG(t *testing.T) {
	t.Parallel()
	// Known pairs: the extremes, a colour on itself, and the lightest grey that passes on white.
	for _, row := range []struct {
		a, b string
		want float64
	}{
		{"#000000", "#ffffff", 21},
		{"#1f3a68", "#1f3a68", 1},
		{"#767676", "#ffffff", 4.54},
	} {
		a, _ := colour.Parse(row.a)
		b, _ := colour.Parse(row.b)
		if got := colour.Contrast(a, b); math.Abs(got-row.want) > 0.005 {
			t.Errorf("%s on %s: %.3f, want %.2f", row.a, row.b, got, row.want)
		}
	}
}

func TestParseTakesOnlyColours(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "red", "#12345", "#1234567", "#12345g", "}</style><script>", "#+12345"} {
		if c, ok := colour.Parse(bad); ok {
			t.Errorf("%q is %v", bad, c)
		}
	}
	if c, ok := colour.Parse("#1F3a68"); !ok || c.String() != "#1f3a68" {
		t.Errorf("#1F3a68 is %v, %v", c, ok)
	}
}
