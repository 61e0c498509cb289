package pgtest

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Dump is what pg_dump makes of a database.
func Dump(t testing.TB, url string) []byte {
	t.Helper()
	return client(t, nil, "pg_dump", url)
}

// Restore reads a dump into a database without tables, as psql does.
func Restore(t testing.TB, dump []byte, url string) {
	t.Helper()
	client(t, dump, "psql", "--quiet", "-v", "ON_ERROR_STOP=1", "-d", url)
}

// client runs one of the programs that stand beside the server's.
func client(t testing.TB, input []byte, program string, args ...string) []byte {
	t.Helper()
	c, err := shared()
	if err != nil {
		unavailable(t, err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(c.binaries.Dir, program), args...)
	cmd.Stdin = bytes.NewReader(input)
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v: %s", program, err, &said)
	}
	return out
}
