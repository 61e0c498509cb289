package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"vistka/internal/postgres/private"
)

type exportCommand struct {
	Subscribers int `default:"1000000" placeholder:"N" help:"Subscribers of the newsletter."`
	Rounds      int `default:"3" help:"How often both sides run, in turn."`
}

// Help says what the figures mean.
func (exportCommand) Help() string {
	return `vistka subscribers export writes a newsletter's subscribers to a file; psql's \copy then writes the same columns of the same
rows. Both times are those of the whole process, its start and its connection too.

peak MB: the most resident memory of the process; it does not grow with the rows. CPU: of the process. PostgreSQL's: of all its
processes meanwhile.`
}

const (
	oursExport = "vistka subscribers export"
	psqlCopy   = `psql \copy`
	exportName = "export"
)

// exportSample is what one side did in one round.
type exportSample struct {
	Side        string
	Round       int
	Rows        int
	Octets      int64
	Seconds     float64
	CPU         float64 // seconds
	PostgresCPU float64 // seconds
	Peak        int64   // resident octets
}

type exporting struct {
	exportCommand
	lab     *lab
	samples []exportSample
}

// Run measures and prints.
func (c exportCommand) Run(ctx context.Context, s *session) error {
	return withLab(ctx, s, func(l *lab) error {
		r := &exporting{exportCommand: c, lab: l}
		l.say("making %d subscribers", c.Subscribers)
		if err := l.newsletter(ctx, exportName, c.Subscribers); err != nil {
			return err
		}
		for round := 1; round <= c.Rounds; round++ {
			for _, side := range []string{oursExport, psqlCopy} {
				l.say("round %d of %d: %s", round, c.Rounds, side)
				got, err := r.side(ctx, side)
				if err != nil {
					return fmt.Errorf("%s: %w", side, err)
				}
				l.say("  %.2f s", got.Seconds)
				got.Side, got.Round = side, round
				r.samples = append(r.samples, got)
			}
		}
		return l.report(ctx, c, r.samples, r.print)
	})
}

// exportLimit bounds one run.
const exportLimit = 10 * time.Minute

func (r *exporting) side(ctx context.Context, side string) (got exportSample, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, exportLimit, fmt.Errorf("not done after %s", exportLimit))
	defer cancel()
	file := filepath.Join(r.lab.dir, "export.csv")
	defer os.Remove(file)
	cmd := r.lab.command([]string{"subscribers", "export", "--newsletter=" + exportName, "--output=" + file})
	if side == psqlCopy {
		if cmd, err = r.psql(file); err != nil {
			return got, err
		}
	}
	before, err := r.lab.postgresCPU()
	if err != nil {
		return got, err
	}
	begin := time.Now()
	c, err := start(cmd)
	if err != nil {
		return got, err
	}
	if err := c.wait(ctx); err != nil {
		return got, err
	}
	got.Seconds, got.CPU, got.Peak = time.Since(begin).Seconds(), c.cpu().Seconds(), c.peak()
	after, err := r.lab.postgresCPU()
	if err != nil {
		return got, err
	}
	got.PostgresCPU = (after - before).Seconds()
	if got.Rows, got.Octets, err = count(file); err == nil && got.Rows != r.Subscribers {
		err = fmt.Errorf("%d of %d rows were written", got.Rows, r.Subscribers)
	}
	return got, err
}

// psql is found beside the server's programs, or on PATH.
func (r *exporting) psql(file string) (*exec.Cmd, error) {
	path := "psql"
	if b, err := private.FindBinaries(0); err == nil {
		path = filepath.Join(b.Dir, "psql")
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("psql is not installed: it comes with PostgreSQL (apt install postgresql-client): %w", err)
	}
	query := strings.Join(strings.Fields(sqlExport), " ") // \copy takes one line
	return exec.Command(path, "--no-psqlrc", "--quiet", "--dbname", r.lab.server.URL(),
		"--command", fmt.Sprintf(`\copy (%s) TO '%s' WITH (FORMAT csv, HEADER true)`, query, file)), nil
}

// count is the records below the heading, and the file's octets.
func count(file string) (rows int, octets int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	block := make([]byte, 1<<20)
	for {
		n, err := f.Read(block)
		rows, octets = rows+bytes.Count(block[:n], []byte{'\n'}), octets+int64(n)
		if err == io.EOF {
			return rows - 1, octets, nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
}

func (r *exporting) median(side string, figure func(exportSample) float64) float64 {
	return medianOf(r.samples, func(s exportSample) bool { return s.Side == side }, figure)
}

func (r *exporting) print(w io.Writer) error {
	fmt.Fprintf(w, "%d subscribers, %d rounds, medians\n\n", r.Subscribers, r.Rounds)
	seconds := func(s exportSample) float64 { return s.Seconds }
	base := r.median(psqlCopy, seconds)
	var rows [][]string
	var bars []bar
	for _, side := range []string{oursExport, psqlCopy} {
		took := r.median(side, seconds)
		ratio := fmt.Sprintf("%.2f", took/base)
		rows = append(rows, []string{
			side, fmt.Sprintf("%.2f", took), ratio, fmt.Sprintf("%.0f", float64(r.Subscribers)/took),
			fmt.Sprintf("%.2f", r.median(side, func(s exportSample) float64 { return s.CPU })),
			fmt.Sprintf("%.2f", r.median(side, func(s exportSample) float64 { return s.PostgresCPU })),
			megabytes(int64(r.median(side, func(s exportSample) float64 { return float64(s.Peak) }))),
		})
		bars = append(bars, bar{side, took, fmt.Sprintf("%.2f s, %s ×", took, ratio)})
	}
	err := printTable(w, []string{"side", "seconds", `× \copy`, "rows/s", "CPU s", "PostgreSQL CPU s", "peak MB"}, rows)
	printBars(w, "seconds for all rows", bars)
	return err
}
