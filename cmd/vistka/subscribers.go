package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/schollz/progressbar/v3"

	"vistka/internal/app"
	"vistka/internal/emailaddr"
	"vistka/internal/newsletter"
	"vistka/internal/postgres"
	"vistka/internal/subscriber"
)

type subscribersCommand struct {
	Export subscribersExportCommand `cmd:"" help:"Write subscribers as CSV."`
	Person subscribersPersonCommand `cmd:"" help:"Write all that is kept about one address, as JSON."`
	Erase  subscribersEraseCommand  `cmd:"" help:"Remove a person's data; the address stays unmailable."`
}

type subscribersExportCommand struct {
	Newsletter string         `help:"Slug of one newsletter; all without it."`
	Status     statusOfReader `help:"active, paused, ended or pending; all who ever confirmed without it."`
	Output     string         `short:"o" default:"-" help:"File to write; - is standard output."`
	BOM        bool           `name:"bom" help:"A byte order mark first, for Excel."`
	Raw        bool           `help:"Cells as they are, without an apostrophe before what a spreadsheet would take for a formula."`
}

type statusOfReader string

// Validate is called by kong.
func (s statusOfReader) Validate() error {
	return oneOf(string(s), subscriber.StatusActive, subscriber.StatusPaused, subscriber.StatusEnded, subscriber.StatusPending)
}

// Run streams the export from one snapshot, with a bar when it goes to a file.
func (c subscribersExportCommand) Run(ctx context.Context, s *session) error {
	return s.attach(ctx, func(a *app.App) (err error) {
		if c.Newsletter != "" {
			if _, err := newsletter.BySlug(ctx, a.Pool, c.Newsletter); err != nil {
				return unknownNewsletter(c.Newsletter, err)
			}
		}
		filter := subscriber.ExportFilter{Newsletter: c.Newsletter, Status: string(c.Status), BOM: c.BOM, Raw: c.Raw}
		if c.Output == "-" {
			rows, err := a.Subscribers.Export(ctx, s.out, filter)
			return errors.Join(err, c.note(ctx, a, rows))
		}
		total, err := s.exportTotal(ctx, a, filter)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(c.Output, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		if wrong, ok := errors.AsType[*fs.PathError](err); ok {
			return fmt.Errorf("--output: %s cannot be written (%w): name a file in a directory that is there and that this user may write to", c.Output, wrong.Err)
		}
		if err != nil {
			return err
		}
		defer func() {
			if closeErr := f.Close(); err == nil {
				err = closeErr
			}
		}()
		bar := s.progress(total, "exporting")
		rows, err := a.Subscribers.Export(ctx, io.MultiWriter(f, lineCounter{bar}), filter)
		if err := errors.Join(err, c.note(ctx, a, rows)); err != nil {
			return err
		}
		_ = bar.Finish()
		fmt.Fprintf(s.err, "\n%d subscribers written to %s\n", rows, c.Output)
		return nil
	})
}

// note says in the audit trail that addresses left the house, also when the
// export broke off or was interrupted.
func (c subscribersExportCommand) note(ctx context.Context, a *app.App, rows int64) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), notePatience)
	defer cancel()
	object := "all newsletters"
	if c.Newsletter != "" {
		object = "newsletter " + c.Newsletter
	}
	return note(ctx, a, a.Pool, "export", object, map[string]any{"status": c.Status, "subscribers": rows})
}

// notePatience bounds what is still written after an interrupt.
const notePatience = 5 * time.Second

// exportTotal is for the bar only: counting takes as long as a third of the
// export, so it is not done where nobody watches.
func (s *session) exportTotal(ctx context.Context, a *app.App, f subscriber.ExportFilter) (int64, error) {
	if !s.terminal() {
		return -1, nil
	}
	return a.Subscribers.Count(ctx, f)
}

// lineCounter moves a bar by the lines written.
type lineCounter struct{ bar *progressbar.ProgressBar }

func (l lineCounter) Write(p []byte) (int, error) {
	n := 0
	for _, b := range p {
		if b == '\n' {
			n++
		}
	}
	_ = l.bar.Add(n)
	return len(p), nil
}

type subscribersPersonCommand struct {
	Address string `arg:"" help:"The address."`
}

// Run prints what is kept about one person (GDPR article 15).
func (c subscribersPersonCommand) Run(ctx context.Context, s *session) error {
	address, err := emailaddr.Parse(c.Address)
	if err != nil {
		return notAnAddress(c.Address)
	}
	return s.attach(ctx, func(a *app.App) error {
		known, err := a.Subscribers.ExportPerson(ctx, address, a.Catalog.For("en"))
		if err != nil {
			return err
		}
		if err := note(ctx, a, a.Pool, "subscriber.export", "", nil); err != nil {
			return err
		}
		_, err = fmt.Fprintf(s.out, "%s\n", known)
		return err
	})
}

type subscribersEraseCommand struct {
	Address string `arg:"" help:"The address."`
	Yes     bool   `help:"Do it; without this it is only said what would be done."`
	JSON    bool   `name:"json" help:"As JSON."`
}

// erasure is what came of it. Known is whether anything was kept about the address.
type erasure struct {
	Erased bool  `json:"erased"`
	Known  *bool `json:"known,omitempty"`
}

// Run erases one person (GDPR article 17).
func (c subscribersEraseCommand) Run(ctx context.Context, s *session) error {
	address, err := emailaddr.Parse(c.Address)
	if err != nil {
		return notAnAddress(c.Address)
	}
	if !c.Yes {
		return s.say(c.JSON, erasure{}, "This removes everything about %s for good. Run it again with --yes.\n", c.Address)
	}
	return s.attach(ctx, func(a *app.App) error {
		var known bool
		err := postgres.InTx(ctx, a.Pool, func(tx pgx.Tx) (err error) {
			if known, err = a.Subscribers.Erase(ctx, tx, address); err != nil {
				return err
			}
			return note(ctx, a, tx, "subscriber.erase", "", nil)
		})
		if err != nil {
			return err
		}
		words := "Erased. The address will not be mailed or imported again, unless the person signs up anew.\n"
		if !known {
			words = "Nothing was kept about this address. It will not be mailed.\n"
		}
		return s.say(c.JSON, erasure{Erased: true, Known: &known}, "%s", words)
	})
}

func notAnAddress(words string) error {
	return fmt.Errorf("%q is no e-mail address: write one like name@example.org", words)
}

// progress is a bar on standard error, silent where that is no terminal.
func (s *session) progress(total int64, what string) *progressbar.ProgressBar {
	return progressbar.NewOptions64(total, progressbar.OptionSetWriter(s.err), progressbar.OptionSetDescription(what),
		progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(barPace), progressbar.OptionSetVisibility(s.terminal()))
}
