package mailer

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
)

// The tokens of the look (they are those of the pages, in the form mail needs:
// plain hexadecimal, no variables).
const (
	paper     = "#faf7f0"
	ink       = "#1f1b16"
	paperDark = "#191714"
	inkDark   = "#ece6da"
	deepBlue  = "#1f3a68"

	enoughContrast = 4.5 // WCAG 2.2, 1.4.3
	calmContrast   = 6.5 // saturated colours glare on dark paper unless they are light
)

// look is the newsletter's accent in the forms that stay readable: on paper,
// on the dark paper, and with the ink that stands on it as a button.
type look struct {
	Accent, AccentDark     template.CSS
	OnAccent, OnAccentDark template.CSS
}

func newLook(accent string) look {
	c, ok := parseColour(accent)
	if !ok {
		c, _ = parseColour(deepBlue)
	}
	light, dark := c.readableOn(paper, 0, enoughContrast), c.readableOn(paperDark, 1, calmContrast)
	return look{
		Accent: template.CSS(light.String()), OnAccent: template.CSS(light.ink()), //nolint:gosec // hexadecimal of our own
		AccentDark: template.CSS(dark.String()), OnAccentDark: template.CSS(dark.ink()), //nolint:gosec // the same
	}
}

type colour [3]float64

func parseColour(s string) (colour, bool) {
	if len(s) != 7 || s[0] != '#' {
		return colour{}, false
	}
	n, err := strconv.ParseUint(s[1:], 16, 32)
	if err != nil {
		return colour{}, false
	}
	return colour{float64(n >> 16), float64(n >> 8 & 255), float64(n & 255)}, true
}

func (c colour) String() string {
	return fmt.Sprintf("#%02x%02x%02x", int(c[0]), int(c[1]), int(c[2]))
}

// readableOn moves the lightness towards end (0 black, 1 white) until the
// colour reads on the background; its hue and saturation stay.
func (c colour) readableOn(background string, end, ratio float64) colour {
	back, _ := parseColour(background)
	high, low := max(c[0], c[1], c[2])/255, min(c[0], c[1], c[2])/255
	lightness := (high + low) / 2
	for step := 0.0; step < 1; step += 0.02 {
		if moved := c.withLightness(lightness + (end-lightness)*step); contrast(moved, back) >= ratio {
			return moved
		}
	}
	return colour{255 * end, 255 * end, 255 * end}
}

// withLightness is the colour at another lightness of the HSL model: the three
// channels keep their places between the lowest and the highest.
func (c colour) withLightness(l float64) colour {
	high, low := max(c[0], c[1], c[2])/255, min(c[0], c[1], c[2])/255
	saturation, chroma := 0.0, high-low
	if chroma > 0 {
		saturation = chroma / (1 - math.Abs(high+low-1))
	}
	spread := saturation * (1 - math.Abs(2*l-1))
	var out colour
	for i := range c {
		place := 0.5
		if chroma > 0 {
			place = (c[i]/255 - low) / chroma
		}
		out[i] = math.Round(255 * (l + spread*(place-0.5)))
	}
	return out
}

// ink is black or white, whichever reads better on c.
func (c colour) ink() string {
	white, black := colour{255, 255, 255}, colour{20, 18, 15}
	if contrast(c, white) >= contrast(c, black) {
		return white.String()
	}
	return black.String()
}

// contrast is the ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b colour) float64 {
	l, m := a.luminance(), b.luminance()
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

func (c colour) luminance() float64 {
	var linear [3]float64
	for i, v := range c {
		if v /= 255; v <= 0.04045 {
			linear[i] = v / 12.92
		} else {
			linear[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*linear[0] + 0.7152*linear[1] + 0.0722*linear[2]
}
