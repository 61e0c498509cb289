package postgres

import (
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"
)

// SQLSTATEs of appendix A of PostgreSQL's manual that matter here.
const (
	classConnection   = "08"
	protocolViolation = "08P01"
	readOnly          = "25006" // the primary became a replica under us
	badText           = "22021"
	deadlock          = "40P01"
	diskFull          = "53100"
	tooManyConns      = "53300"
	inRecovery        = "55000" // asked for what only a primary has
	adminShutdown     = "57P01"
	crashShutdown     = "57P02"
	cannotConnectNow  = "57P03" // starting, stopping or recovering
	idleSessionKilled = "57P05"
)

// IsUnavailable tells that the database is away, starting, stopping or full of
// connections: trying again later can help, and nothing is wrong with the
// statement. Whether a statement that was under way took effect is unknown.
func IsUnavailable(err error) bool {
	if err == nil {
		return false
	}
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch pg.Code {
		case readOnly, tooManyConns, adminShutdown, crashShutdown, cannotConnectNow, idleSessionKilled:
			return true
		default:
			return strings.HasPrefix(pg.Code, classConnection)
		}
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return true
	}
	return pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, puddle.ErrClosedPool) ||
		strings.Contains(err.Error(), "conn closed") // pgx has no sentinel for it
}

// isDeadlock tells that the transaction was ended, and undone, so that another
// could go on.
func isDeadlock(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == deadlock
}

// isPoolersRefusal tells that pgbouncer was sent a session's settings.
func isPoolersRefusal(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == protocolViolation && strings.Contains(pg.Message, "unsupported startup parameter")
}

// IsBadText tells that a statement was given text that is no UTF-8 or holds a
// NUL, which no column takes: the sender's doing.
func IsBadText(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == badText
}

// IsDiskFull tells that the server has no room left, for data (53100) or for
// sorting and the like. Reading goes on; nothing that is not recorded may be
// mailed.
func IsDiskFull(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return false
	}
	return pg.Code == diskFull ||
		// A failed write of the log or of a temporary file comes as an I/O error.
		strings.Contains(pg.Message, "No space left on device")
}
