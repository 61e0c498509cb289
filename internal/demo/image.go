package demo

import (
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"net/http"

	"github.com/go-chi/chi/v5"
)

const imageWidth, imageHeight = 1200, 600

// image draws the picture of an article from its name: columns of print on
// paper, one of them marked in the accent. It stands for a photograph, and is a
// PNG since mail programs show no SVG.
func (h *handler) image(w http.ResponseWriter, r *http.Request) {
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(chi.URLParam(r, "name")))
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=86400")
	_ = png.Encode(w, drawing(rand.New(rand.NewPCG(seed.Sum64(), 1))))
}

func drawing(rnd *rand.Rand) image.Image {
	palettes := [][3]color.RGBA{ // paper, print, mark
		{{0xef, 0xe9, 0xdc, 255}, {0xc9, 0xc0, 0xad, 255}, {0x1f, 0x3a, 0x68, 255}},
		{{0xe3, 0xea, 0xe8, 255}, {0xb4, 0xc4, 0xc0, 255}, {0xa8, 0x3a, 0x2c, 255}},
		{{0xee, 0xe6, 0xe2, 255}, {0xcf, 0xbc, 0xb4, 255}, {0x2f, 0x5d, 0x50, 255}},
	}
	p := palettes[rnd.IntN(len(palettes))]
	img := image.NewPaletted(image.Rect(0, 0, imageWidth, imageHeight), color.Palette{p[0], p[1], p[2]})
	const columns, gap, line = 5, 36, 26
	width := (imageWidth - gap*(columns+1)) / columns
	marked, from := rnd.IntN(columns), 3+rnd.IntN(8)
	for c := range columns {
		x := gap + c*(width+gap)
		fill(img, x, gap, width, line*2, 1) // the headline
		for i, y := 0, gap+line*4; y+line/2 < imageHeight-gap; i, y = i+1, y+line {
			length := width
			if i%6 == 5 {
				length = width/3 + rnd.IntN(width/2)
			}
			ink := uint8(1)
			if c == marked && i >= from && i < from+3 {
				ink = 2
			}
			fill(img, x, y, length, line/2, ink)
		}
	}
	return img
}

func fill(img *image.Paletted, x, y, w, h int, ink uint8) {
	for row := y; row < y+h; row++ {
		for col := x; col < x+w; col++ {
			img.SetColorIndex(col, row, ink)
		}
	}
}
