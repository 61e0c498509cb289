package main

import (
	"fmt"
	"runtime"
)

type versionCommand struct {
	JSON bool `name:"json" help:"As JSON."`
}

// Run prints what was built.
func (c versionCommand) Run(s *session) error {
	if c.JSON {
		return printJSON(s.out, map[string]string{"version": version, "go": runtime.Version()})
	}
	fmt.Fprintf(s.out, "vistka %s (%s)\n", version, runtime.Version())
	return nil
}
