package mailer

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// html/template takes HTML comments out, and with them Outlook's conditional
// ones (golang/go#54380). Each of their marks is swapped for an action that
// writes it back, so what stands between them is still escaped as usual: a
// feed cannot close a comment, since ">" never leaves the escaper bare.
var (
	conditional = regexp.MustCompile(`<!--\[if [^\]]*\]><!-->|<!--\[if [^\]]*\]>|<!--<!\[endif\]-->|<!\[endif\]-->`)
	indentation = regexp.MustCompile(`\n[ \t]+`)
)

func parsePages(web fs.FS) (*template.Template, error) {
	const pattern = "templates/mail/*.html"
	names, err := fs.Glob(web, pattern)
	if err != nil {
		return nil, fmt.Errorf("mail templates: %w", err)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("mail templates: none match %s", pattern)
	}
	var marks []template.HTML
	set := template.New("mail").Funcs(template.FuncMap{
		"mark": func(n int) template.HTML { return marks[n] },
	})
	for _, name := range names {
		source, err := fs.ReadFile(web, name)
		if err != nil {
			return nil, fmt.Errorf("mail templates: %w", err)
		}
		text := indentation.ReplaceAllString(string(source), "\n")
		text = conditional.ReplaceAllStringFunc(text, func(mark string) string {
			marks = append(marks, template.HTML(mark)) //nolint:gosec // our own template's words
			return fmt.Sprintf("{{mark %d}}", len(marks)-1)
		})
		if _, err := set.New(strings.TrimSuffix(path.Base(name), ".html")).Parse(text); err != nil {
			return nil, fmt.Errorf("mail templates: %w", err)
		}
	}
	return set, nil
}
