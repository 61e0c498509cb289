// Package private runs a Postgres of our own when none is configured: a
// cluster in the data directory that only this machine's Vistka processes
// reach, by a Unix socket.
package private

import "runtime"

// Locale is what clusters are made with: by code point, and Unicode's own case
// rules. macOS has no C.UTF-8 before version 15.
func Locale() string {
	if runtime.GOOS == "darwin" {
		return "en_US.UTF-8"
	}
	return "C.UTF-8"
}
