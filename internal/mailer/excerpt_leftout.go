package mailer

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// caption leaves out the words of a picture that is not shown, and keeps whose words
// a quotation is.
func (g *gatherer) caption(n *html.Node) {
	if n.Parent == nil {
		return
	}
	for d := range n.Parent.Descendants() {
		if d.DataAtom == atom.Blockquote {
			g.block(n, g.kind)
			return
		}
	}
}

// table writes the cells of a table that only arranges an article. Data is left out:
// rows and columns do not read as sentences.
func (g *gatherer) table(n *html.Node) {
	if g.open > 0 || !isData(n) {
		g.block(n, g.kind)
		return
	}
	g.flush()
	g.done = append(g.done, paragraph{kind: "table", list: g.list})
}

// close is the blank before s, behind what was struck out: newsrooms correct in this
// way, and a mail has what is right alone. No words join, no mark stands off and no
// comma is left before it.
func (g *gatherer) close(lead, s string) string {
	g.struck = false
	before, first := g.before(), []rune(s)[0]
	end, _ := utf8.DecodeLastRuneInString(before)
	switch {
	case before == "":
	case unicode.IsLetter(first), unicode.IsDigit(first):
		if end != ' ' && end != '\n' && !joins(end) {
			return " "
		}
	case strings.ContainsRune(",.;:!?)»”", first):
		for i := range g.now.pieces {
			if c := &g.now.pieces[len(g.now.pieces)-1-i]; c.text != "" {
				c.text = strings.TrimRight(c.text, " ,")
				break
			}
		}
		return ""
	}
	return lead
}

// isData reports whether two rows or more have words in two cells or more.
func isData(table *html.Node) bool {
	rows := 0
	for part := range table.ChildNodes() {
		for row := range part.ChildNodes() { // the parser puts every row in a tbody
			cells := 0
			for cell := range row.ChildNodes() {
				if hasWords(cell) {
					cells++
				}
			}
			if row.DataAtom == atom.Tr && cells > 1 {
				rows++
			}
		}
	}
	return rows > 1
}

func hasWords(n *html.Node) bool {
	for d := range n.Descendants() {
		if d.Type == html.TextNode && strings.TrimSpace(d.Data) != "" {
			return true
		}
	}
	return false
}
