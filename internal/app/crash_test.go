package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"vistka/internal/mailer/smtptest"
)

// site is a news site that shows as many articles as it is told to.
type site struct {
	*httptest.Server
	articles atomic.Int64
}

func newSite(t *testing.T) *site {
	s := &site{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/feed.xml" {
			return // any article's page answers 200
		}
		w.Header().Set("Content-Type", "application/rss+xml")
		fmt.Fprintf(w, `<rss version="2.0"><channel><title>Site</title><link>http://%s/</link>`, r.Host)
		for n := s.articles.Load(); n > 0; n-- {
			fmt.Fprintf(w, `<item><guid>a%d</guid><link>http://%s/a%d</link><title>Article %d</title><description>Text of article %d.</description></item>`, n, r.Host, n, n, n)
		}
		fmt.Fprint(w, `</channel></rss>`)
	}))
	t.Cleanup(s.Close)
	return s
}

// program is the real binary with an environment of its own.
type program struct {
	t       *testing.T
	binary  string
	env     []string
	baseURL string
}

func newProgram(t *testing.T, lab *smtptest.Server, s *site, connections int) *program {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, binary: filepath.Join(dir, "vistka")}
	if out, err := exec.Command("go", "build", "-o", p.binary, "vistka/cmd/vistka").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listen := freePort(t)
	p.baseURL = "http://" + listen
	p.env = append(os.Environ(), "VISTKA_DATA_DIR="+filepath.Join(dir, "var"), "VISTKA_LISTEN="+listen,
		"VISTKA_FEED_ALLOW="+strings.TrimPrefix(s.URL, "http://"), "VISTKA_IN_DOUBT_WAIT=0s",
		fmt.Sprintf("VISTKA_SMTP_URL=smtp://%s?tls=none&connections=%d", lab.Addr(), connections))
	return p
}

// run executes one command to its end.
func (p *program) run(args ...string) {
	p.t.Helper()
	c := exec.CommandContext(p.t.Context(), p.binary, args...)
	c.Env = p.env
	if out, err := c.CombinedOutput(); err != nil {
		p.t.Fatalf("vistka %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// serve starts the service and waits until it is ready. At the test's end it
// is stopped in order: a kill would leave its database to end after the test,
// writing into a directory that is being removed.
func (p *program) serve() *exec.Cmd {
	p.t.Helper()
	var log bytes.Buffer
	c := exec.Command(p.binary, "serve")
	c.Env, c.Stderr = p.env, &log
	if err := c.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() {
		_ = c.Process.Signal(syscall.SIGTERM)
		_ = c.Wait()
		if p.t.Failed() {
			p.t.Logf("serve said:\n%s", &log)
		}
	})
	until(p.t, "serve is ready", func() bool {
		resp, err := http.Get(p.baseURL + "/readyz")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return c
}

// until polls a condition that another process brings about.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("it did not come to pass: %s", what)
		case <-tick.C:
		}
	}
}

// TestKillInMidEdition kills the service with -9 while an edition goes out and
// starts it again: every reader must have it, and at most the mails then in
// flight may come twice, with the same bytes (REQUIREMENTS D2).
func TestKillInMidEdition(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the real binary for a while")
	}
	const readers, connections = 2000, 8
	lab, err := smtptest.Start(smtptest.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	news := newSite(t)
	news.articles.Store(3)
	p := newProgram(t, lab, news, connections)
	p.run("newsletter", "add", "--slug=watch", "--name=Watch", "--language=en", "--from-name=Watch", "--from-address=news@watch.example", "--grace=0s")
	p.run("feed", "add", "--newsletter=watch", news.URL+"/feed.xml")
	p.run("seed", "--newsletter=watch", fmt.Sprintf("--count=%d", readers))
	service := p.serve()

	news.articles.Store(4)
	if _, err := http.PostForm(p.baseURL+"/hooks/ping", url.Values{"url": {news.URL + "/feed.xml"}}); err != nil {
		t.Fatal(err)
	}
	until(t, "a quarter is out", func() bool { return lab.Journal.Len() >= readers/4 })
	if err := service.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = service.Wait()
	before := lab.Journal.Len()
	if before >= readers {
		t.Fatalf("all %d mails were out before the kill: it proves nothing", before)
	}
	p.serve()
	got := map[string]int{}
	until(t, "every reader has it", func() bool {
		clear(got)
		for _, m := range lab.Journal.Mails() {
			got[m.To]++
		}
		return len(got) == readers
	})
	twice := 0
	for to, n := range got {
		if n == 1 {
			continue
		}
		twice += n - 1
		mails := lab.Journal.To(to)
		if times, same := lab.Journal.Accepted(mails[0].MessageID(), to); times != n || !same {
			t.Errorf("%s: %d mails, %d under one Message-ID, same bytes: %v", to, n, times, same)
		}
	}
	if twice > connections {
		t.Errorf("%d mails came twice, more than the %d connections", twice, connections)
	}
	t.Logf("killed after %d of %d; lost 0, twice %d", before, readers, twice)
}
