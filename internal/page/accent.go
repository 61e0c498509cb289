package page

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"

	"vistka/internal/colour"
)

// wantContrast is colour.Enough and room for tinted boxes.
const wantContrast = 5.2

// accent is accentStyle, worked out once for each: contrast is a matter of
// powers and logarithms, and a site has few accents.
func (p *Pages) accent(accent string) (template.HTML, string) {
	if known, ok := p.accents.Load(accent); ok {
		s := known.(accentStyles)
		return s.style, s.hash
	}
	style, hash := accentStyle(accent)
	p.accents.Store(accent, accentStyles{style, hash})
	return style, hash
}

type accentStyles struct {
	style template.HTML
	hash  string
}

// accentStyle is the <style> that hands a newsletter's accent to tokens.css,
// and its hash for the policy. A hash and not a nonce: the same page is then
// the same bytes each time, so that an answer tells nothing by differing.
func accentStyle(accent string) (template.HTML, string) {
	c, ok := colour.Parse(accent)
	if !ok {
		return "", ""
	}
	css := ":root{--brand:" + c.ReadableOn(colour.Paper, wantContrast).String() +
		";--brand-dark:" + c.ReadableOn(colour.PaperDark, wantContrast).String() + "}"
	sum := sha256.Sum256([]byte(css))
	return template.HTML("<style>" + css + "</style>"), //nolint:gosec // hexadecimal of our own
		"'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
