// Package localetest gives tests the words of all languages, read once a process.
package localetest

import (
	"sync"
	"testing"

	"vistka/internal/locale"
	"vistka/web"
)

// Load is locale.Load of what the program has, once.
var Load = sync.OnceValues(func() (*locale.Catalog, error) { return locale.Load(web.FS) })

// Catalog is Load for a test.
func Catalog(t testing.TB) *locale.Catalog {
	t.Helper()
	catalog, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}
