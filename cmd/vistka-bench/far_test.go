package main

import (
	"io"
	"net"
	"testing"
	"time"
)

// What goes through arrives whole and in order, never before its time, and
// both ends hear of it when one goes.
func TestFar(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		if c, err := echo.Accept(); err == nil {
			_, _ = io.Copy(c, io.LimitReader(c, 5))
			c.Close()
		}
	}()
	const there = 30 * time.Millisecond
	f, err := newFar(echo.Addr().String(), there)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	c, err := net.Dial("tcp", f.addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	begin := time.Now()
	for _, part := range []string{"ab", "cde"} {
		if _, err := io.WriteString(c, part); err != nil {
			t.Fatal(err)
		}
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != "abcde" {
		t.Errorf("%q, %v", got, err)
	}
	if took := time.Since(begin); took < there {
		t.Errorf("after %s, sooner than a round trip", took)
	}
}
