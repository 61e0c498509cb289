// Package web holds what the pages and mails are made of: templates, static files and the words of each
// language. The files are embedded, so that one binary is all there is; with --dev the same tree is read
// from disk instead.
package web

import "embed"

// FS holds templates/, static/ and locales/ as they were when the binary was built.
//
//go:embed all:templates static locales
var FS embed.FS
