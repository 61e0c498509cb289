package page

import (
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

// templates holds one set per page: every file of templates/layout, then the
// page's own directory's layout.html and files that begin with _, then the
// page. A directory's layout.html may define "base" anew.
type templates struct {
	fsys  fs.FS
	funcs template.FuncMap
	dev   bool
	sets  map[string]*template.Template
}

// areas are the directories under templates/ whose files are pages of this layout.
var areas = []string{"pages", "admin"}

func newTemplates(fsys fs.FS, funcs template.FuncMap, dev bool) (*templates, error) {
	t := &templates{fsys: fsys, funcs: funcs, dev: dev, sets: map[string]*template.Template{}}
	for _, area := range areas {
		files, err := fs.Glob(fsys, path.Join("templates", area, "*.html"))
		if err != nil {
			return nil, fmt.Errorf("list templates: %w", err)
		}
		for _, file := range files {
			base := path.Base(file)
			if base == "layout.html" || strings.HasPrefix(base, "_") {
				continue
			}
			name := path.Join(area, strings.TrimSuffix(base, ".html"))
			if t.sets[name], err = t.parse(name); err != nil {
				return nil, err
			}
		}
	}
	return t, nil
}

func (t *templates) get(name string) (*template.Template, error) {
	if t.dev {
		return t.parse(name)
	}
	if set, ok := t.sets[name]; ok {
		return set, nil
	}
	return nil, fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
}

func (t *templates) parse(name string) (*template.Template, error) {
	set := template.New(name).Funcs(t.funcs).Option("missingkey=error")
	dir := path.Join("templates", path.Dir(name))
	for _, pattern := range []string{"templates/layout/*.html", path.Join(dir, "layout.html"), path.Join(dir, "_*.html")} {
		files, err := fs.Glob(t.fsys, pattern)
		if err != nil {
			return nil, fmt.Errorf("list templates: %w", err)
		}
		if len(files) == 0 {
			continue
		}
		if _, err := set.ParseFS(t.fsys, files...); err != nil {
			return nil, fmt.Errorf("template %s: %w", pattern, err)
		}
	}
	if _, err := set.ParseFS(t.fsys, path.Join("templates", name+".html")); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	if set.Lookup("base") == nil {
		return nil, errors.New("template base is not defined")
	}
	return set, nil
}
