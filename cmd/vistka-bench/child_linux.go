package main

import "syscall"

// bindToUs lets a child end when we have ended without stopping it.
func bindToUs(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGTERM }
