package page

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// The papers of tokens.css that the accent lies on, and the contrast that
// words need (WCAG 2.2, 1.4.3).
const (
	lightPaper   = "#faf7f0"
	darkPaper    = "#191613"
	wantContrast = 5.2 // 4.5 and room for tinted boxes
	lightStep    = 0.02
)

// accentStyle is the <style> that hands a newsletter's accent to tokens.css,
// and its hash for the policy. A hash and not a nonce: the same page is then
// the same bytes each time, so that an answer tells nothing by differing.
func accentStyle(accent string) (template.HTML, string) {
	if _, ok := parseColour(accent); !ok {
		return "", ""
	}
	css := ":root{--brand:" + readable(accent, lightPaper, -lightStep) + ";--brand-dark:" + readable(accent, darkPaper, lightStep) + "}"
	sum := sha256.Sum256([]byte(css))
	return template.HTML("<style>" + css + "</style>"), //nolint:gosec // digits only, checked by parseColour
		"'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// readable makes a colour lighter or darker, its hue and saturation kept, until
// it is readable on paper; one that is already stays as its owner chose it.
func readable(colour, paper string, step float64) string {
	c, _ := parseColour(colour)
	p, _ := parseColour(paper)
	for range int(1/math.Abs(step)) + 1 { // at the latest it is black or white
		if contrast(c, p) >= wantContrast {
			break
		}
		c = lighten(c, step)
	}
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2]))
}

// lighten moves the lightness of HSL by step, -1 to 1.
func lighten(c [3]float64, step float64) [3]float64 {
	hi, lo := max(c[0], c[1], c[2])/255, min(c[0], c[1], c[2])/255
	l := (hi + lo) / 2
	chroma := 1 - math.Abs(2*l-1)
	next := min(max(l+step, 0), 1)
	scale := 0.0
	if chroma > 0 {
		scale = (1 - math.Abs(2*next-1)) / chroma
	}
	var out [3]float64
	for i, v := range c {
		out[i] = math.Round(min(max(next+(v/255-l)*scale, 0), 1) * 255)
	}
	return out
}

// parseColour reads #rrggbb into 0 to 255 each.
func parseColour(s string) (rgb [3]float64, ok bool) {
	hex, found := strings.CutPrefix(s, "#")
	n, err := strconv.ParseUint(hex, 16, 32)
	if !found || len(hex) != 6 || err != nil {
		return rgb, false
	}
	return [3]float64{float64(n >> 16), float64(n >> 8 & 0xff), float64(n & 0xff)}, true
}

// contrast is the ratio of WCAG 2.2, 1 to 21.
func contrast(a, b [3]float64) float64 {
	la, lb := luminance(a), luminance(b)
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

func luminance(rgb [3]float64) float64 {
	linear := func(v float64) float64 {
		v /= 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(rgb[0]) + 0.7152*linear(rgb[1]) + 0.0722*linear(rgb[2])
}
