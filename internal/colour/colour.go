// Package colour makes a newsletter's accent readable wherever it lies: on the
// papers of the pages and of the mail, by day and by night. Contrast is that of
// WCAG 2.2 (relative luminance in sRGB).
package colour

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Enough is the contrast that words need (WCAG 2.2, 1.4.3).
const Enough = 4.5

// The papers that pages and mails lie on, and the newsletter's colour where it chose none.
var (
	Paper     = must("#faf7f0")
	PaperDark = must("#191613")
	Default   = must("#1f3a68")
)

// black and white are the two ends that every lightness moves between.
var (
	black = Colour{20, 18, 15} // as ink is, not as a hole
	white = Colour{255, 255, 255}
)

// Colour is red, green and blue in sRGB, 0 to 255 each.
type Colour [3]float64

// Parse reads #rrggbb; anything else is not ok.
func Parse(s string) (c Colour, ok bool) {
	hex, found := strings.CutPrefix(s, "#")
	n, err := strconv.ParseUint(hex, 16, 32)
	if !found || len(hex) != 6 || err != nil {
		return c, false
	}
	return Colour{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)}, true
}

func must(s string) Colour {
	c, ok := Parse(s)
	if !ok {
		panic("colour: " + s)
	}
	return c
}

// String is #rrggbb.
func (c Colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2]))
}

// ReadableOn is c made darker on a light ground or lighter on a dark one, its
// hue and saturation kept, until it has the contrast wanted (1 to 21); one that
// has it already stays as its owner chose it.
func (c Colour) ReadableOn(ground Colour, contrast float64) Colour {
	step := 0.02
	if ground.luminance() > 0.5 {
		step = -step
	}
	for range 51 { // at the latest it is black or white
		if Contrast(c, ground) >= contrast {
			break
		}
		c = c.lighter(step)
	}
	return c
}

// Ink is what words on c are written in: black or white, whichever reads better.
func (c Colour) Ink() Colour {
	if Contrast(c, white) >= Contrast(c, black) {
		return white
	}
	return black
}

// Contrast is the ratio of WCAG 2.2, 1 to 21.
func Contrast(a, b Colour) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// lighter moves the lightness of HSL by step, -1 to 1.
func (c Colour) lighter(step float64) Colour {
	l := (max(c[0], c[1], c[2]) + min(c[0], c[1], c[2])) / 2 / 255
	next := min(max(l+step, 0), 1)
	scale := 0.0 // of each channel's distance from the lightness
	if room := 1 - math.Abs(2*l-1); room > 0 {
		scale = (1 - math.Abs(2*next-1)) / room
	}
	for i, v := range c {
		c[i] = math.Round(min(max(next+(v/255-l)*scale, 0), 1) * 255)
	}
	return c
}

// luminance is the relative luminance, 0 to 1.
func (c Colour) luminance() float64 {
	linear := func(v float64) float64 {
		v /= 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c[0]) + 0.7152*linear(c[1]) + 0.0722*linear(c[2])
}
