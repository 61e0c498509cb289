package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that this one started. Nothing else is ever signalled.
type child struct {
	cmd  *exec.Cmd
	said tail
	done chan struct{} // closed when it has ended
	err  error         // how; read it after done
}

// start starts a process that ends with us, whatever way we end.
func start(cmd *exec.Cmd) (*child, error) {
	c := &child{cmd: cmd, done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &c.said, &c.said
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true // Ctrl-C reaches us first
	bindToUs(cmd.SysProcAttr)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	return c, nil
}

func (c *child) pid() int { return c.cmd.Process.Pid }

// wait returns how the process ended, or stops it when ctx ends.
func (c *child) wait(ctx context.Context) error {
	select {
	case <-c.done:
	case <-ctx.Done():
		return errors.Join(context.Cause(ctx), c.stop())
	}
	if c.err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(c.cmd.Path), c.err, c.said.String())
	}
	return nil
}

// stopPatience is what a child gets to end in order.
const stopPatience = 30 * time.Second

// stop ends the process if it is still there: in order, or after a while by force.
func (c *child) stop() error {
	if err := c.cmd.Process.Signal(syscall.SIGTERM); errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-time.After(stopPatience):
	}
	err := c.cmd.Process.Kill()
	<-c.done
	return errors.Join(fmt.Errorf("%s did not end within %s and was killed", filepath.Base(c.cmd.Path), stopPatience), err)
}

// alive returns an error, with what it said, if the process has ended.
func (c *child) alive() error {
	select {
	case <-c.done:
		return fmt.Errorf("%s ended by itself: %w\n%s", filepath.Base(c.cmd.Path), c.err, c.said.String())
	default:
		return nil
	}
}

// cpu is the processor time used, of a process that has ended.
func (c *child) cpu() time.Duration {
	return c.cmd.ProcessState.UserTime() + c.cmd.ProcessState.SystemTime()
}

// peak is the largest resident size in octets, of a process that has ended.
func (c *child) peak() int64 {
	if u, ok := c.cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		return int64(u.Maxrss) << 10
	}
	return 0
}

// tail keeps the last of what a process says, for when it goes wrong.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const maxTail = 4 << 10

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text); n > 2*maxTail {
		t.text = append(t.text[:0], t.text[n-maxTail:]...)
	}
	return len(p), nil
}

// String is the text, from its first whole line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.text
	if n := len(text); n > maxTail {
		text = text[n-maxTail:]
		text = text[bytes.IndexByte(text, '\n')+1:]
	}
	return strings.TrimSpace(string(text))
}
