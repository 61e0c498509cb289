package mailer

import (
	"html/template"

	"vistka/internal/colour"
)

// calmContrast is what colours need by night: saturated ones glare on dark
// paper unless they are light.
const calmContrast = 6.5

// look is the newsletter's accent in the forms that stay readable: on paper,
// on the dark paper, and with the ink that stands on it as a button.
type look struct {
	Accent, AccentDark     template.CSS
	OnAccent, OnAccentDark template.CSS
}

// newLook takes the default for an accent that is no colour.
func newLook(accent string) look {
	c, ok := colour.Parse(accent)
	if !ok {
		c = colour.Default
	}
	light, dark := c.ReadableOn(colour.Paper, colour.Enough), c.ReadableOn(colour.PaperDark, calmContrast)
	css := func(c colour.Colour) template.CSS { return template.CSS(c.String()) } //nolint:gosec // hexadecimal of our own
	return look{Accent: css(light), OnAccent: css(light.Ink()), AccentDark: css(dark), OnAccentDark: css(dark.Ink())}
}
