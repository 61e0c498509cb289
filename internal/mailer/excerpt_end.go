package mailer

import "strings"

// fit takes paragraphs until enough characters are reached, none beyond most. What
// is left out, or was before (cut), is said behind the last.
func fit(all []paragraph, enough, most int, cut bool) ([]passage, bool) {
	var blocks []passage
	count := 0
	begun := false // more than headings is taken
	for _, p := range all {
		room, before := most-count, last(blocks)
		within := p.list > 0 && p.list == before.list
		switch {
		case p.kind == "table" && !begun:
			cut = true
		case p.kind == "table": // what follows it speaks of it
			return more(blocks, p.list), true
		case count >= enough && full(before, within, room, most):
			return more(blocks, p.list), true
		case p.words <= room:
			blocks, count = append(blocks, p.passage()), count+p.words
			begun = begun || p.kind != "h"
		case within, p.kind == "h" && count > 0:
			return more(blocks, p.list), true
		default:
			return append(blocks, p.cutTo(room).passage()), true
		}
	}
	if cut {
		blocks = more(blocks, 0)
	}
	return blocks, cut
}

// full reports whether a paragraph is one too many behind enough of them. A list is
// taken to its end if it has room, and what a heading or a colon announces is not left
// out.
func full(before passage, within bool, room, most int) bool {
	switch {
	case within:
		return room <= 0
	case before.Kind == "h", strings.HasSuffix(before.Text, ":"):
		return room < most/8
	}
	return true
}

func last(blocks []passage) passage {
	if len(blocks) == 0 {
		return passage{}
	}
	return blocks[len(blocks)-1]
}

// more says behind the last paragraph that more follows, in the list cutIn if it is
// of one. No heading stands last.
func more(blocks []passage, cutIn int) []passage {
	for len(blocks) > 1 && last(blocks).Kind == "h" {
		blocks = blocks[:len(blocks)-1]
	}
	end := last(blocks)
	switch {
	case end.Text == "", strings.HasSuffix(end.Text, "…"):
	case end.Kind == "li" && end.list == cutIn: // there are more points
		return append(blocks, passage{Kind: "li", HTML: "…", Text: "…"})
	case end.Kind == "p":
		end.HTML, end.Text = end.HTML+andMore, end.Text+andMore
		blocks[len(blocks)-1] = end
	default: // a list or a quotation that is whole
		return append(blocks, passage{Kind: "p", HTML: "…", Text: "…"})
	}
	return blocks
}

// cutTo is the paragraph as far as there is room: to the end of a sentence if that
// leaves half of it, or of a word. What is inside a link or emphasis ends no sentence,
// for it is never cut off from the rest of it.
func (p paragraph) cutTo(room int) paragraph {
	var sentences strings.Builder // the words, with no blank inside a link
	open := 0
	for _, c := range p.pieces {
		switch open += c.open; {
		case c.open == 0 && open > 0:
			sentences.WriteString(strings.NewReplacer(" ", "_", "\n", "_").Replace(c.text))
		case c.open == 0:
			sentences.WriteString(c.text)
		}
	}
	end := "…"
	at := len(shorten(p.plain(), max(room, 2))) - len(end)
	if i := lastSentence(sentences.String()[:at]); i*2 > at {
		at, end = i, andMore
	}
	whole := p.pieces
	p.pieces = nil
	open = 0
	for i, c := range whole {
		if c.open == 0 && len(c.text) > at {
			p.pieces = append(p.pieces, piece{text: c.text[:at] + end})
			p.pieces = append(p.pieces, ends(whole[i:], open)...)
			break
		}
		if open += c.open; c.open == 0 {
			at -= len(c.text)
		}
		p.pieces = append(p.pieces, c)
	}
	return p
}

// ends is the ends of so many links and emphases, without those of what begins there.
func ends(pieces []piece, open int) (out []piece) {
	depth := open
	for _, c := range pieces {
		if depth += c.open; depth < open {
			out, open = append(out, c), depth
		}
	}
	return out
}
