package server

import (
	"os"
	"strings"
	"testing"

	"vistka/internal/locale/localetest"
)

// elsewhere are templates with a page of their own to look at.
var elsewhere = map[string]string{
	"dev": "is /dev/ itself", "dev_mail": "shows the mails there", "inbox": "is open as long as there is no relay", "inbox_mail": "is open as long as there is no relay",
}

// Whoever adds a page or an error adds it to /dev/, where it is looked at.
func TestEveryTemplateIsUnderDev(t *testing.T) {
	t.Parallel()
	pages := devPages()
	shown := map[string]bool{}
	for _, c := range pages {
		shown[strings.TrimPrefix(c.template, "pages/")] = true
	}
	files, err := os.ReadDir("../../web/templates/pages")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		if !shown[name] && elsewhere[name] == "" {
			t.Errorf("pages/%s.html is on no page under /dev/", name)
		}
	}
	catalog := localetest.Catalog(t)
	for _, key := range catalog.For("en").Keys() {
		name, isError := strings.CutPrefix(key, "error.")
		name, isTitle := strings.CutSuffix(name, ".title")
		if !isError || !isTitle || strings.HasPrefix(name, "admin_") || name == "no_newsletter" { // home-missing
			continue
		}
		if _, ok := pages["error-"+name]; !ok {
			t.Errorf("the error %s is on no page under /dev/", name)
		}
	}
}
