package subscriber

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/newsletter"
)

// Statuses a filter knows; empty means active, paused and ended.
const (
	StatusActive  = "active"
	StatusPaused  = "paused"
	StatusEnded   = "ended"
	StatusPending = "pending" // asked and not confirmed
)

// ExportFilter says which rows.
type ExportFilter struct {
	Newsletter string // slug; empty: all
	Status     string // empty: all who ever confirmed
	BOM        bool   // a byte order mark first, for Excel
	Raw        bool   // cells as they are, no apostrophe before formulas
}

// ErrBadStatus says that a filter names no status.
var ErrBadStatus = fmt.Errorf("subscriber: status is none of %s, %s, %s, %s", StatusActive, StatusPaused, StatusEnded, StatusPending)

// exportBuffer is few system calls a second, and little to lose sight of.
const exportBuffer = 64 << 10

// Export writes CSV (RFC 4180, UTF-8, CRLF) and returns the number of rows. It
// streams what Postgres copies out, so memory does not grow with the rows; all
// of them are of one snapshot. Cells that a spreadsheet would take for a
// formula get an apostrophe (rule H1). Returns newsletter.ErrNotFound
// or ErrBadStatus before anything is written.
func (s *Service) Export(ctx context.Context, w io.Writer, f ExportFilter) (int64, error) {
	var rows int64
	err := s.snapshot(ctx, f, func(tx pgx.Tx, query string) error {
		if f.BOM {
			if _, err := io.WriteString(w, "\ufeff"); err != nil {
				return err
			}
		}
		out := bufio.NewWriterSize(w, exportBuffer) // COPY writes row by row
		tag, err := tx.Conn().PgConn().CopyTo(ctx, &crlf{w: out}, "COPY ("+query+") TO STDOUT (FORMAT csv, HEADER true, ENCODING 'UTF8')")
		rows = tag.RowsAffected()
		return errors.Join(err, out.Flush())
	})
	if err != nil {
		return rows, fmt.Errorf("export subscribers: %w", err)
	}
	return rows, nil
}

// CheckExport tells whether Export would take f. Returns newsletter.ErrNotFound
// or ErrBadStatus.
func (s *Service) CheckExport(ctx context.Context, f ExportFilter) error {
	return s.snapshot(ctx, f, func(pgx.Tx, string) error { return nil })
}

// Count is the number of rows Export would write now, for a progress bar.
func (s *Service) Count(ctx context.Context, f ExportFilter) (int64, error) {
	var n int64
	err := s.snapshot(ctx, f, func(tx pgx.Tx, query string) error {
		return tx.QueryRow(ctx, "SELECT count(*) FROM ("+query+") AS x").Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("count subscribers: %w", err)
	}
	return n, nil
}

// snapshot runs f on one unchanging state of the database. COPY takes no
// parameters, so the query is put together here: from a number and a moment
// of ours, never from what somebody typed.
func (s *Service) snapshot(ctx context.Context, f ExportFilter, do func(tx pgx.Tx, query string) error) error {
	query := exportReaders
	switch f.Status {
	case "", StatusActive, StatusPaused, StatusEnded:
	case StatusPending:
		query = exportPending
	default:
		return ErrBadStatus
	}
	options := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	return pgx.BeginTxFunc(ctx, s.DB, options, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, exportSettings); err != nil {
			return err
		}
		only := ""
		if f.Newsletter != "" {
			n, err := newsletter.BySlug(ctx, tx, f.Newsletter)
			if err != nil {
				return err
			}
			only = fmt.Sprintf("AND n.id = %d", n.ID)
		}
		cell := safeCell
		if f.Raw {
			cell = "$1"
		}
		address, article := strings.ReplaceAll(cell, "$1", "address"), strings.ReplaceAll(cell, "$1", "article_url")
		query = strings.NewReplacer(
			"/*only*/", only, "/*status*/", exportStatus[f.Status], "/*address*/", address, "/*article*/", article,
		).Replace(query)
		now := "timestamptz '" + s.Clock.Now().UTC().Format("2006-01-02 15:04:05.999999Z07:00") + "'"
		return do(tx, strings.ReplaceAll(query, "/*now*/", now))
	})
}

var exportStatus = map[string]string{
	StatusActive: "AND s.state = 'active' AND (s.paused_until IS NULL OR s.paused_until <= /*now*/)",
	StatusPaused: "AND s.state = 'active' AND s.paused_until > /*now*/",
	StatusEnded:  "AND s.state = 'ended'",
}

// crlf ends the records that COPY writes with LF by CRLF. A line break inside
// a quoted cell stays as it is.
type crlf struct {
	w      io.Writer
	buf    []byte
	quoted bool
}

// Write takes whole or partial records; it reports len(p) or the error of the
// writer below.
func (c *crlf) Write(p []byte) (int, error) {
	c.buf = c.buf[:0]
	for rest := p; len(rest) > 0; {
		i := bytes.IndexAny(rest, "\"\n")
		if i < 0 {
			c.buf = append(c.buf, rest...)
			break
		}
		c.buf = append(c.buf, rest[:i]...)
		switch {
		case rest[i] == '"':
			c.quoted = !c.quoted
		case !c.quoted:
			c.buf = append(c.buf, '\r')
		}
		c.buf = append(c.buf, rest[i])
		rest = rest[i+1:]
	}
	if _, err := c.w.Write(c.buf); err != nil {
		return 0, err
	}
	return len(p), nil
}
