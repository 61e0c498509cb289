package private

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// maxLog is the size from which the server's log is set aside at a start.
const maxLog = 10 << 20

// postmaster is a server this process started.
type postmaster struct {
	process *os.Process
	done    chan struct{} // closed when it has ended
}

// launch starts the server with the lock held and waits until it answers. The
// lock is the server's own afterwards: our copy is closed in any case.
func (s *Server) launch(ctx context.Context, lock *os.File) error {
	defer lock.Close()
	bin, err := s.home.programs(ctx, lock)
	if err != nil {
		return err
	}
	if err := s.home.settle(); err != nil {
		return err
	}
	sock, err := s.home.socketDir()
	if err != nil {
		return err
	}
	s.home.forgetReusedPID()
	p, err := s.home.startPostmaster(bin, sock, lock)
	if err != nil {
		return err
	}
	if err := s.home.awaitReady(ctx, p, sock); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		return errors.Join(err, p.stop(stopCtx))
	}
	s.became(p, sock)
	s.log.DebugContext(ctx, "database server started", "pid", p.process.Pid, "home", s.home.dir)
	return nil
}

func (h home) startPostmaster(bin Binaries, sock string, lock *os.File) (*postmaster, error) {
	log, err := h.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	// What keeps promises is given here, where no configuration file can undo
	// it; what is a matter of taste stays in postgresql.conf.
	cmd := exec.Command(bin.Postgres(), "-D", h.data(), "-k", sock, "-p", port,
		"-c", "listen_addresses=", "-c", "unix_socket_permissions=0700",
		"-c", "fsync=on", "-c", "full_page_writes=on", "-c", "synchronous_commit=on",
		"-c", "logging_collector=off", "-c", "log_destination=stderr")
	cmd.Dir, cmd.Env, cmd.SysProcAttr = h.dir, cleanEnv(), bound(h.account)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{lock}

	p := &postmaster{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// The server is told to stop when the thread that made it ends, so the
		// thread has to live as long as the server does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.done)
		err := cmd.Start()
		p.process = cmd.Process
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended stands in its log
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", bin.Postgres(), err)
	}
	return p, nil
}

func (h home) openLog() (*os.File, error) {
	if fi, err := os.Stat(h.logPath()); err == nil && fi.Size() > maxLog {
		if err := os.Rename(h.logPath(), h.logPath()+".1"); err != nil {
			return nil, err
		}
	}
	log, err := os.OpenFile(h.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return log, h.account.Own(h.logPath())
}

// awaitReady returns when the database can be used, after making it in a new
// cluster, or when the server has given up.
func (h home) awaitReady(ctx context.Context, p *postmaster, sock string) error {
	tick := time.NewTicker(poll / 2)
	defer tick.Stop()
	for {
		err := ping(ctx, sock)
		if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "3D000" { // no such database
			err = createDatabase(ctx, sock)
		}
		if err == nil {
			return nil
		}
		select {
		case <-p.done:
			said, _ := os.ReadFile(h.logPath())
			return fmt.Errorf("the database server did not start: %s", lastLines(string(said)))
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

func ping(ctx context.Context, sock string) error {
	conn, err := pgx.Connect(ctx, databaseURL(sock, databaseName))
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func createDatabase(ctx context.Context, sock string) error {
	conn, err := pgx.Connect(ctx, databaseURL(sock, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	_, err = conn.Exec(ctx, "CREATE DATABASE "+databaseName)
	return err
}

// stop asks for a fast shutdown, and for an immediate one when ctx ends.
func (p *postmaster) stop(ctx context.Context) error {
	if err := p.signal(syscall.SIGINT); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-ctx.Done():
	}
	err := p.signal(syscall.SIGQUIT)
	select {
	case <-p.done:
	case <-time.After(stopPatience):
		// Its supervisor gives up on backends after 5 s; something is stuck in
		// the kernel. The lock stays with it, so nobody starts a second one.
	}
	return errors.Join(fmt.Errorf("stop the database server: %w", context.Cause(ctx)), err)
}

func (p *postmaster) signal(s os.Signal) error {
	if err := p.process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal the database server: %w", err)
	}
	return nil
}
