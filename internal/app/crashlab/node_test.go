package crashlab_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// node is the real program in a process of its own, which may be ended and
// started again.
type node struct {
	lab     *lab
	env     []string
	baseURL string
	health  string // an address that answers 200 once the service is ready
	log     *os.File
	cmd     *exec.Cmd
	ended   chan struct{} // closed when cmd has
}

// node makes one that is not started yet. Nodes with different data directories
// are different installations.
func (l *lab) node(dataDir string) *node {
	l.t.Helper()
	listen := freePort(l.t)
	n := &node{lab: l, baseURL: "http://" + listen, health: "http://" + listen + "/readyz"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "VISTKA_") {
			n.env = append(n.env, kv)
		}
	}
	n.env = append(n.env, "VISTKA_DATA_DIR="+dataDir, "VISTKA_LISTEN="+listen, "VISTKA_IN_DOUBT_WAIT=0s",
		"VISTKA_BASE_URL=http://mail.watch.example", // in the mails, so every node has the same
		"VISTKA_FEED_ALLOW="+strings.Join(l.config.FeedAllow, ","), "VISTKA_SMTP_URL="+l.config.SMTPURL,
		"VISTKA_DATABASE_URL="+l.config.DatabaseURL, "VISTKA_SECRET_KEY="+l.config.SecretKey)
	var err error
	if n.log, err = os.OpenFile(filepath.Join(l.t.TempDir(), "log"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(n.clear)
	return n
}

// clear ends what still runs, in order: a kill would leave its database to end
// after the test, writing into a directory that is being removed.
func (n *node) clear() {
	if n.running() {
		_ = n.cmd.Process.Signal(syscall.SIGTERM)
		<-n.ended
	}
	if n.lab.t.Failed() {
		said, _ := os.ReadFile(n.log.Name())
		n.lab.t.Logf("%s said last:\n%s", n.baseURL, said[max(0, len(said)-16<<10):])
	}
	n.log.Close()
}

func (n *node) running() bool {
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// run executes one command to its end.
func (n *node) run(args ...string) {
	n.lab.t.Helper()
	c := n.command(args...)
	c.Stderr = nil
	if out, err := c.CombinedOutput(); err != nil {
		n.lab.t.Fatalf("vistka %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func (n *node) command(args ...string) *exec.Cmd {
	n.lab.t.Helper()
	path, err := binary()
	if err != nil {
		n.lab.t.Fatal(err)
	}
	c := exec.Command(path, args...)
	c.Env, c.Stderr = n.env, n.log
	return c
}

// spawn starts the service and does not wait for it.
func (n *node) spawn() {
	n.lab.t.Helper()
	cmd, ended := n.command("serve"), make(chan struct{})
	if err := cmd.Start(); err != nil {
		n.lab.t.Fatal(err)
	}
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is asked of cmd
	}()
	n.cmd, n.ended = cmd, ended
}

// start is spawn, and returns when the service is ready.
func (n *node) start() {
	n.lab.t.Helper()
	n.spawn()
	until(n.lab.t, "the service is ready", n.ready)
}

func (n *node) ready() bool {
	n.lab.t.Helper()
	if !n.running() {
		n.lab.t.Fatalf("serve ended by itself: %s", n.cmd.ProcessState)
	}
	return status(n.health) == http.StatusOK
}

// status is what one of its pages answers.
func (n *node) status(path string) int { return status(n.baseURL + path) }

// status is what an address answers; 0 where nothing does.
func status(url string) int {
	c := http.Client{Timeout: 10 * time.Second}
	resp, err := c.Get(url)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// kill ends the process as nothing can prevent.
func (n *node) kill() {
	n.lab.t.Helper()
	n.signal(syscall.SIGKILL)
	<-n.ended
}

func (n *node) signal(s os.Signal) {
	n.lab.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.lab.t.Fatal(err)
	}
}

// stop asks the process to end, as a deploy does, and sees that it does so in order.
func (n *node) stop() {
	n.lab.t.Helper()
	n.signal(syscall.SIGTERM)
	<-n.ended
	if code := n.cmd.ProcessState.ExitCode(); code != 0 {
		n.lab.t.Fatalf("serve was asked to stop and ended with %s", n.cmd.ProcessState)
	}
}
