package page

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// assets are the files of web/static. Each is known by its name and by a URL
// that holds a hash of its content, so that it may be cached for ever.
type assets struct {
	fsys   fs.FS
	dev    bool
	byName map[string]*asset
	byURL  map[string]*asset
}

type asset struct {
	url     string // name.hash.ext
	kind    string
	body    []byte
	gzipped []byte // nil where it would not be smaller
}

const (
	staticPrefix = "/static/"
	embedPrefix  = "/embed/"
)

func newAssets(fsys fs.FS, dev bool) (*assets, error) {
	a := &assets{fsys: fsys, dev: dev, byName: map[string]*asset{}, byURL: map[string]*asset{}}
	err := fs.WalkDir(fsys, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		f, err := a.read(strings.TrimPrefix(name, "static/"))
		if err != nil {
			return err
		}
		a.byName[strings.TrimPrefix(name, "static/")], a.byURL[f.url] = f, f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read static files: %w", err)
	}
	return a, nil
}

func (a *assets) read(name string) (*asset, error) { return readAsset(a.fsys, name) }

func readAsset(fsys fs.FS, name string) (*asset, error) {
	body, err := fs.ReadFile(fsys, path.Join("static", name))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(body)
	ext := path.Ext(name)
	f := &asset{
		url:  strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext,
		kind: mime.TypeByExtension(ext),
		body: body,
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	var z bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&z, gzip.BestCompression)
	_, _ = zw.Write(body) // a buffer does not fail
	_ = zw.Close()
	if z.Len() < len(body)*9/10 {
		f.gzipped = z.Bytes()
	}
	return f, nil
}

// Asset is the URL of a file of web/static, with its content's hash. A file
// that is not there gives a URL that answers 404.
func (p *Pages) Asset(name string) string {
	if p.opt.Dev {
		if f, err := p.assets.read(name); err == nil {
			return staticPrefix + f.url
		}
	}
	if f, ok := p.assets.byName[name]; ok {
		return staticPrefix + f.url
	}
	return staticPrefix + name
}

// Embedded is a file of web/static as other sites load it: its path under
// /embed/, which holds the hash of its content, and the value of the integrity
// attribute (W3C Subresource Integrity).
func Embedded(fsys fs.FS, name string) (path, integrity string, err error) {
	f, err := readAsset(fsys, name)
	if err != nil {
		return "", "", fmt.Errorf("embedded file: %w", err)
	}
	sum := sha512.Sum384(f.body)
	return embedPrefix + f.url, "sha384-" + base64.StdEncoding.EncodeToString(sum[:]), nil
}

// Static serves /static/: hashed names for a year, plain names with a check each time.
func (p *Pages) Static() http.Handler { return p.files(staticPrefix) }

// Embed serves the same files under /embed/ to the pages of any site, as an
// integrity attribute demands.
func (p *Pages) Embed() http.Handler {
	files := p.files(embedPrefix)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		files.ServeHTTP(w, r)
	})
}

func (p *Pages) files(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, prefix)
		f, hashed := p.assets.byURL[name]
		if !hashed {
			f = p.assets.byName[name]
		}
		if p.opt.Dev {
			f, hashed = p.assets.fresh(name), false
		}
		if f == nil {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		h := w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("Vary", "Accept-Encoding")
		if hashed {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			h.Set("Cache-Control", "no-cache")
		}
		body, tag := f.body, strconv.Quote(f.url)
		if f.gzipped != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body, tag = f.gzipped, strconv.Quote(f.url+".gz")
		}
		h.Set("ETag", tag)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// fresh reads a file anew, whatever hash stands in the name.
func (a *assets) fresh(name string) *asset {
	if f, err := a.read(name); err == nil {
		return f
	}
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	if f, err := a.read(strings.TrimSuffix(stem, path.Ext(stem)) + ext); err == nil {
		return f
	}
	return nil
}
