// Command vistka turns a website's new articles into mail its readers asked for.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/lmittmann/tint"
	"golang.org/x/term"

	"vistka/internal/account"
	"vistka/internal/app"
	"vistka/internal/config"
	"vistka/internal/postgres"
)

// version is set by the build.
var version = "dev"

func main() {
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// command is the whole command line.
type command struct {
	config.Config `embed:"" group:"settings"`

	Serve       serveCommand       `cmd:"" help:"Serve the pages, watch the feeds, send the mail."`
	Demo        demoCommand        `cmd:"" help:"Everything at once, with an example news site and a built-in inbox."`
	Migrate     migrateCommand     `cmd:"" help:"Bring the database's schema up to date and stop."`
	Doctor      doctorCommand      `cmd:"" help:"Check settings, database, clock, sending, relays, feeds and DNS records, and say what to mend."`
	Newsletter  newsletterCommand  `cmd:"" help:"Add and list newsletters."`
	Feed        feedCommand        `cmd:"" help:"Add, list, check and poll feeds."`
	Edition     editionCommand     `cmd:"" help:"List editions; pause, resume or cancel one; try its failed mails again."`
	Doubt       doubtCommand       `cmd:"" help:"Mails of which nobody knows whether the relay took them: list, decide."`
	Relay       relayCommand       `cmd:"" help:"How the relays are."`
	Sending     sendingCommand     `cmd:"" help:"Stop and start all sending; unlock it in a copy."`
	Subscribers subscribersCommand `cmd:"" help:"Export subscribers; write out or erase what is kept about a person."`
	Account     accountCommand     `cmd:"" help:"Add and list the people of the admin pages; set a password, end an access."`
	Seed        seedCommand        `cmd:"" help:"Fill a newsletter with made-up subscribers, to try things at size."`
	Version     versionCommand     `cmd:"" help:"Print the version."`
}

// session is what a command is run with.
type session struct {
	config *config.Config
	log    *slog.Logger
	out    io.Writer // results
	err    io.Writer // progress and logs
}

// Exit codes: 0 done, 1 it did not work, 2 the command line is wrong.
const (
	exitFailure = 1
	exitUsage   = 2
)

func run(args []string, getenv func(string) string, out, errOut io.Writer) int {
	var c command
	exit := -1
	options := append(values(),
		kong.Name("vistka"),
		kong.Description("Vistka turns a website's new articles into mail its readers asked for.\n\nStart with: vistka demo"),
		kong.Writers(out, errOut),
		kong.Exit(func(code int) { exit = code }),
		kong.ExplicitGroups([]kong.Group{{
			Key:   "settings",
			Title: "Settings, of every command:",
			Description: "What holds a password is read from the environment only, or from the file that NAME_FILE names: " +
				"VISTKA_DATABASE_URL (empty: a private Postgres in the data directory), VISTKA_DATABASE_DIRECT_URL, " +
				"VISTKA_SMTP_URL (empty: a built-in inbox), VISTKA_SECRET_KEY.",
		}}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	parser, err := kong.New(&c, options...)
	if err != nil {
		fmt.Fprintln(errOut, "vistka:", err)
		return exitFailure
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "--version" {
		args = []string{"version"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help was shown
		return exit
	}
	if err != nil {
		err = usageError(err)
	} else {
		err = errors.Join(c.ReadSecrets(getenv), c.Validate())
	}
	if err != nil {
		fmt.Fprintf(errOut, "vistka: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	parsed.BindTo(ctx, (*context.Context)(nil))
	log := newLogger(c.LogFormat, errOut)
	for _, w := range c.Warnings {
		log.Warn(w)
	}
	err = parsed.Run(&session{config: &c.Config, log: log, out: out, err: errOut})
	if err != nil {
		fmt.Fprintf(errOut, "vistka: %v\n", err)
		return exitFailure
	}
	return 0
}

// open builds the application for the service itself, its schema brought up to
// date; attach for a command beside it. What the private Postgres needs is
// stopped afterwards.
func (s *session) open(ctx context.Context, f func(a *app.App) error) error {
	a, err := app.Open(ctx, *s.config, s.log)
	return use(a, err, f)
}

func (s *session) attach(ctx context.Context, f func(a *app.App) error) error {
	a, err := app.Attach(ctx, *s.config, s.log)
	return use(a, err, f)
}

func use(a *app.App, err error, f func(a *app.App) error) error {
	if err != nil {
		return err
	}
	return errors.Join(f(a), a.Close())
}

// note writes an act of the command line into the audit trail, in the act's
// transaction where it has one.
func note(ctx context.Context, a *app.App, db postgres.DB, act, object string, detail map[string]any) error {
	return account.Record(ctx, db, account.Event{At: a.Clock.Now(), Act: act, Object: object, Detail: detail})
}

// terminal says whether a person watches standard error.
func (s *session) terminal() bool { return isTerminal(s.err) }

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// barPace is how often a progress bar is drawn.
const barPace = 100 * time.Millisecond

func newLogger(format string, w io.Writer) *slog.Logger {
	terminal := isTerminal(w)
	if format == "auto" {
		format = "json"
		if terminal {
			format = "text"
		}
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: withUnits}))
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{TimeFormat: "15:04:05", NoColor: !terminal, ReplaceAttr: withUnits}))
}

// withUnits writes a length of time as people and log programs read it, like
// 4.61ms: JSON would have a bare number of nanoseconds.
func withUnits(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().Round(logPrecision).String())
	}
	return a
}

const logPrecision = 10 * time.Microsecond
