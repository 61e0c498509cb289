//go:build !linux

package private

import "syscall"

// bound: elsewhere a server outlives a starter that was killed, and the next
// process adopts it.
func bound(a Account) *syscall.SysProcAttr { return a.Attr() }

// forgetReusedPID leaves the judgement to Postgres.
func (h home) forgetReusedPID() {}
