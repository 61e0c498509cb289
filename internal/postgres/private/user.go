package private

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// Account is whom the server runs as: Postgres refuses to run as root.
type Account struct {
	Name     string
	UID, GID int
	Switch   bool // this process is root and has to step down
}

// ServerAccount is this process's own user, or, when it is root, `postgres`,
// else `nobody` (initdb wants an entry in the user database).
func ServerAccount() (Account, error) {
	if os.Geteuid() != 0 {
		return Account{UID: os.Geteuid(), GID: os.Getegid()}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		if err1 == nil && err2 == nil && uid != 0 {
			return Account{Name: name, UID: uid, GID: gid, Switch: true}, nil
		}
	}
	return Account{}, fmt.Errorf("the database must not run as root and there is no user postgres or nobody: run vistka as another user, or set VISTKA_DATABASE_URL")
}

// Attr is how a child starts as this account, in a process group of its own so
// that Ctrl-C reaches us first.
func (a Account) Attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.Switch {
		attr.Credential = &syscall.Credential{Uid: uint32(a.UID), Gid: uint32(a.GID)}
	}
	return attr
}

// Own gives path to the account.
func (a Account) Own(path string) error {
	if !a.Switch {
		return nil
	}
	return os.Lchown(path, a.UID, a.GID)
}

// CanReach tells whether the account may walk down to path: each directory
// above it has to let it through.
func (a Account) CanReach(path string) bool {
	if !a.Switch {
		return true
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		fi, err := os.Stat(dir)
		if err == nil && !a.canEnter(fi) {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (a Account) canEnter(fi os.FileInfo) bool {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	switch mode := fi.Mode().Perm(); {
	case int(st.Uid) == a.UID:
		return mode&0o100 != 0
	case int(st.Gid) == a.GID:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
