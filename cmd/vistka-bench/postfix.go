package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// sink is a running smtp-sink: Postfix' server that takes mail and throws it
// away, in one thread.
type sink struct {
	*child
	addr string
}

const (
	sinkBacklog  = "1024"
	sinkPatience = 10 * time.Second
)

// startSink starts one that offers PIPELINING or does not.
func startSink(ctx context.Context, pipelining bool) (*sink, error) {
	path, err := postfix("smtp-sink")
	if err != nil {
		return nil, err
	}
	addr, err := freeAddr()
	if err != nil {
		return nil, err
	}
	var args []string
	if os.Geteuid() == 0 {
		args = append(args, "-u", "nobody") // it does not take mail as root
	}
	if !pipelining {
		args = append(args, "-p")
	}
	c, err := start(exec.Command(path, append(args, addr, sinkBacklog)...))
	if err != nil {
		return nil, err
	}
	s := &sink{child: c, addr: addr}
	if err := s.answers(ctx); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *sink) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, sinkPatience, errors.New("smtp-sink does not answer"))
	defer cancel()
	for {
		if conn, err := net.Dial("tcp", s.addr); err == nil {
			return conn.Close()
		}
		if err := s.alive(); err != nil {
			return err
		}
		if err := pause(ctx, readyPoll); err != nil {
			return err
		}
	}
}

// source sends mails of payload octets after its header with smtp-source, each
// connection kept.
func source(ctx context.Context, addr string, connections, mails, payload int) (*child, time.Duration, error) {
	path, err := postfix("smtp-source")
	if err != nil {
		return nil, 0, err
	}
	c := exec.Command(path, "-d", "-s", strconv.Itoa(connections), "-m", strconv.Itoa(mails), "-l", strconv.Itoa(payload), addr)
	begin := time.Now()
	run, err := start(c)
	if err != nil {
		return nil, 0, err
	}
	err = run.wait(ctx)
	return run, time.Since(begin), err
}

// postfix finds one of Postfix' programs, which lie where only root's PATH leads.
func postfix(name string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/libexec/postfix/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not installed: it comes with Postfix (apt install postfix)", name)
}
