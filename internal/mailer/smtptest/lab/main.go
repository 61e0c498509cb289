// Lab is the relay of package smtptest as a process of its own, for tests that
// kill other processes: it journals what it accepts, synced before each 250.
// Addresses choose replies: 550-5.1.1@, 451@, temperror@, dot-554@.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"vistka/internal/mailer/smtptest"
)

func main() {
	addr := flag.String("listen", "127.0.0.1:2525", "where to take mail")
	journal := flag.String("journal", "", "file of accepted mails, one JSON object a line")
	delay := flag.Duration("delay", 0, "before the answer to each final dot")
	flag.Parse()
	if err := run(*addr, *journal, *delay); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(addr, journal string, delay time.Duration) error {
	s, err := smtptest.Start(smtptest.Options{Addr: addr, Journal: journal})
	if err != nil {
		return err
	}
	if delay > 0 {
		s.Script(func(e smtptest.Event) smtptest.Action {
			if e.Stage == smtptest.Final {
				return smtptest.Action{Delay: delay}
			}
			return smtptest.Action{}
		})
	}
	fmt.Println("listening on", s.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
	return s.Close()
}
