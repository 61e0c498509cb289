// Command vistka-bench measures the real vistka binary against a real
// PostgreSQL of its own and Postfix' smtp-sink, all on loopback, each figure
// beside one of a rival from the same run. docs/bench.md says how to read it.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// command is the whole command line.
type command struct {
	settings `embed:"" group:"settings"`

	Send   sendCommand   `cmd:"" help:"An edition to many readers, beside smtp-source."`
	Fanout fanoutCommand `cmd:"" help:"An edition's deliveries and the way to its first mail, beside one SQL statement."`
	Signup signupCommand `cmd:"" help:"Sign-ups on a form, beside single commits."`
	Abuse  abuseCommand  `cmd:"" help:"What list bombers do to a form, and what they get."`
	Export exportCommand `cmd:"" help:"Subscribers as CSV, beside psql's \\copy."`
}

// settings are of every command.
type settings struct {
	Vistka string        `type:"existingfile" placeholder:"FILE" help:"A built vistka. Default: it is built from this source."`
	JSON   bool          `name:"json" help:"Every run as JSON instead of tables and bars."`
	Within time.Duration `default:"1h" help:"Give up after this time."`
}

// session is what a command is run with.
type session struct {
	settings
	out   io.Writer // results
	err   io.Writer // progress
	start time.Time
}

// say writes a line of progress.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(s.err, "%6.1fs  %s\n", time.Since(s.start).Seconds(), fmt.Sprintf(format, args...))
}

// Exit codes: 0 done, 1 it did not work, 2 the command line is wrong.
const (
	exitFailure = 1
	exitUsage   = 2
)

const description = `Measures the real vistka against a PostgreSQL of its own and Postfix' smtp-sink, on loopback.

Each command runs both sides in turn, several rounds of them, and prints medians and their ratio. Nothing else should run
meanwhile. What it starts it ends, and its temporary directory goes with it.`

func run(args []string, out, errOut io.Writer) int {
	var c command
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("vistka-bench"),
		kong.Description(description),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exit = code }),
		kong.UsageOnError(),
		kong.ExplicitGroups([]kong.Group{{Key: "settings", Title: "Settings, of every command:"}}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(errOut, "vistka-bench:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help was shown
		return exit
	}
	if err != nil {
		fmt.Fprintf(errOut, "vistka-bench: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	ctx, cancel := context.WithTimeoutCause(ctx, c.Within, fmt.Errorf("--within %s has passed", c.Within))
	defer cancel()
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(&session{settings: c.settings, out: out, err: errOut, start: time.Now()}); err != nil {
		fmt.Fprintf(errOut, "vistka-bench: %v\n", err)
		return exitFailure
	}
	return 0
}
