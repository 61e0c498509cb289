package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Statement is SQL whose named parameters are found once and not at each
// execution, for what is executed many times a second.
type Statement struct {
	sql   string
	names []string // of its parameters, in their order
}

// Compile takes the names from an example. Panics on SQL that asks for others:
// a mistake in the program.
func Compile(sql string, example pgx.StrictNamedArgs) *Statement {
	names := pgx.StrictNamedArgs{}
	for name := range example {
		names[name] = name
	}
	numbered, ordered, err := names.RewriteQuery(context.Background(), nil, sql, nil)
	if err != nil {
		panic(fmt.Sprintf("compile statement: %v", err))
	}
	s := &Statement{sql: numbered}
	for _, name := range ordered {
		s.names = append(s.names, name.(string))
	}
	return s
}

// Queue adds one execution to a batch.
func (s *Statement) Queue(b *pgx.Batch, values pgx.StrictNamedArgs) *pgx.QueuedQuery {
	args := make([]any, len(s.names))
	for i, name := range s.names {
		args[i] = values[name]
	}
	return b.Queue(s.sql, args...)
}

// SQL is the statement with numbered parameters, of which there are Params.
func (s *Statement) SQL() string { return s.sql }

// Params is how many parameters SQL has.
func (s *Statement) Params() int { return len(s.names) }
