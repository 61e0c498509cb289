package hotline

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// ExportFilter says which requests.
type ExportFilter struct {
	State State // empty: all
	BOM   bool  // a byte order mark first, for Excel
}

var exportHeader = []string{
	"reference", "kind", "state", "received_at", "language", "name", "phone", "best_time", "subject", "text", "contact", "notes",
}

// Export writes CSV (RFC 4180, UTF-8, CRLF), the oldest request first, and
// returns the number of requests. They are of one snapshot and pass through
// one by one. Cells that a spreadsheet would take for a formula get an
// apostrophe (rule H1), and so does every phone number: it would lose its plus,
// its zeros, or all but the first digits.
func (s *Service) Export(ctx context.Context, w io.Writer, f ExportFilter) (int64, error) {
	rows, err := s.DB.Query(ctx, sqlExport, pgx.StrictNamedArgs{"state": f.State})
	if err != nil {
		return 0, fmt.Errorf("export hotline requests: %w", err)
	}
	defer rows.Close()
	if f.BOM {
		if _, err := io.WriteString(w, "\ufeff"); err != nil {
			return 0, fmt.Errorf("export hotline requests: %w", err)
		}
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write(exportHeader) // an error stays with the writer
	var n int64
	var r Request
	var notes string
	_, err = pgx.ForEachRow(rows, []any{
		&r.Reference, &r.Kind, &r.State, &r.CreatedAt, &r.Language, &r.Name, &r.Phone, &r.BestTime, &r.Subject, &r.Text, &r.Contact, &notes,
	}, func() error {
		n++
		return out.Write([]string{
			r.Reference, string(r.Kind), string(r.State), r.CreatedAt.UTC().Format(time.RFC3339), r.Language, cell(r.Name), phoneCell(r.Phone),
			cell(r.BestTime), cell(r.Subject), cell(r.Text), phoneCell(r.Contact), cell(notes),
		})
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return n, fmt.Errorf("export hotline requests: %w", err)
	}
	return n, nil
}

// cell is s as a spreadsheet shows it and does not run it.
func cell(s string) string {
	first, _ := utf8.DecodeRuneInString(s)
	if s != "" && strings.ContainsRune("\t\r'+-=@＋－＝＠", first) { // wide ones too: some spreadsheets fold them
		return "'" + s
	}
	return s
}

// phoneCell is cell, and a number as text: whatever else a contact says has no
// apostrophe but for a formula.
func phoneCell(s string) string {
	if s != "" && wrongPhone(tidyPhone(s), minDeskDigits) == "" {
		return "'" + s
	}
	return cell(s)
}
