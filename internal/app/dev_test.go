package app

import (
	"io"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"vistka/internal/config"
)

// Where the files that --dev reads are not there, the error says where they were
// looked for and what to do, before anything is started.
func TestDevOutsideACheckout(t *testing.T) {
	t.Parallel()
	_, err := Open(t.Context(), config.Config{Dev: true, DataDir: t.TempDir()}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	looked, _ := filepath.Abs("web") // of this package's directory
	if err == nil || !strings.Contains(err.Error(), looked) || !strings.Contains(err.Error(), "in a checkout of its source, or leave --dev") {
		t.Errorf("%v", err)
	}
}
