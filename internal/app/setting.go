package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// SettingError is a setting that keeps Vistka from opening: what is wrong with
// it and what to do, in words for who runs it.
type SettingError struct {
	Setting string // the variable, and the flag where there is one
	Problem string
	Fix     string
	Err     error // what it came from
}

func (e *SettingError) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Setting, e.Problem, e.Fix)
}
func (e *SettingError) Unwrap() error { return e.Err }

// dataDirError puts into words what is wrong with the data directory; another
// error it returns as it is.
func dataDirError(dir string, err error) error {
	wrong, ok := errors.AsType[*fs.PathError](err)
	if !ok || !onTheWay(wrong.Path, dir) {
		return err
	}
	e := &SettingError{Setting: "--data-dir (VISTKA_DATA_DIR)", Err: err, Fix: "name a directory that this user may read and write"}
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		e.Problem, e.Fix = "there is a file in the way of "+dir, "name a directory, or remove the file"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		e.Problem = "this user may not read or write " + wrong.Path
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Problem, e.Fix = "there is no room left for "+wrong.Path, "free some, or name a directory on another disk"
	default:
		e.Problem = fmt.Sprintf("%s: %v", wrong.Path, wrong.Err)
	}
	return e
}

// onTheWay says whether one path lies below the other.
func onTheWay(a, b string) bool {
	a, errA := filepath.Abs(a)
	b, errB := filepath.Abs(b)
	return errA == nil && errB == nil && (a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/"))
}

// listen opens the address of a setting. Returns a *SettingError.
func listen(setting, address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err == nil {
		return ln, nil
	}
	e := &SettingError{Setting: setting, Err: err}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		e.Problem, e.Fix = "something is at "+address+" already, perhaps another Vistka", "choose another port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		e.Problem, e.Fix = address+" is no address of this machine", "write one that is, or 127.0.0.1 for this machine alone"
	case errors.Is(err, fs.ErrPermission):
		e.Problem, e.Fix = "this user may not listen at "+address, "choose a port above 1023, with a proxy before it"
	default:
		e.Problem, e.Fix = "cannot listen at "+address+": "+unreachable(err), "write host:port, like 127.0.0.1:8080"
	}
	return nil, e
}

// SQLSTATEs of a server that answers and does not let us in (PostgreSQL
// documentation, appendix A).
const (
	badAuthorization = "28000"
	badPassword      = "28P01"
	noDatabase       = "3D000"
)

// databaseError puts into words why the database of a setting does not open;
// another error it returns as it is.
func databaseError(setting string, err error) error {
	e := &SettingError{Setting: setting, Err: err}
	if _, ok := errors.AsType[*pgconn.ParseConfigError](err); ok {
		e.Problem = "it cannot be read"
		e.Fix = "write postgres://user:password@host:5432/database, with special characters of the password percent-encoded"
		return e
	}
	wrong, ok := errors.AsType[*pgconn.ConnectError](err)
	if !ok {
		return err
	}
	c := wrong.Config
	where := net.JoinHostPort(c.Host, fmt.Sprint(c.Port))
	e.Fix = "check host and port, and that PostgreSQL runs there"
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case !ok:
		e.Problem = where + " cannot be reached: " + unreachable(err)
	case refused.Code == badPassword, refused.Code == badAuthorization:
		e.Problem, e.Fix = fmt.Sprintf("%s does not let user %q in: %s", where, c.User, refused.Message), "check user and password, and the server's pg_hba.conf"
	case refused.Code == noDatabase:
		e.Problem, e.Fix = fmt.Sprintf("%s has no database %q", where, c.Database), "check its name, or make it with createdb"
	default:
		e.Problem = fmt.Sprintf("%s refuses the connection: %s", where, refused.Message)
	}
	return e
}

// unreachable says why there is no connection to a server.
func unreachable(err error) string {
	name, isName := errors.AsType[*net.DNSError](err)
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case isName && name.IsNotFound:
		return "there is no host of the name " + name.Name
	case isName:
		return "the name " + name.Name + " cannot be looked up now"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens on that port"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "there is no way from here to that network"
	case errors.Is(err, context.DeadlineExceeded), isTimeout && timeout.Timeout():
		return "it does not answer in time"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return err.Error()
}
