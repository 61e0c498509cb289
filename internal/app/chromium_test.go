package app_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// chromium is one browser for all tests of this process: it takes seconds to
// start, and a browser context is as empty as a new one.
type chromium struct {
	programs []string // the first of these that is installed
	scripts  string   // flags of its JavaScript engine
	start    sync.Once
	ctx      context.Context
	stop     context.CancelFunc
	err      error
}

var (
	// The same engine without the rest of the browser is half the work; a third of
	// that is to optimise scripts for a page that is left in a second.
	engine = &chromium{programs: []string{"chromium-headless-shell", "chromium"}, scripts: "--no-opt --no-maglev"}
	// Only the whole browser keeps pages for Back, and only scripts that are
	// optimised do their sums in time.
	whole = &chromium{programs: []string{"chromium"}}
)

func TestMain(m *testing.M) {
	code := m.Run()
	for _, c := range []*chromium{engine, whole} {
		if c.stop != nil {
			c.stop()
		}
	}
	os.Exit(code)
}

func (c *chromium) open() (context.Context, error) {
	c.start.Do(func() {
		var path string
		for _, name := range c.programs {
			if path, c.err = exec.LookPath(name); c.err == nil {
				break
			}
		}
		if c.err != nil {
			return
		}
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
			// A new frame for each page of one site is a third of the work of walking.
			chromedp.Flag("disable-features", "Translate,RenderDocument"), chromedp.Flag("js-flags", c.scripts))
		c.ctx, c.stop = chromedp.NewExecAllocator(context.Background(), opts...)
		c.ctx, _ = chromedp.NewContext(c.ctx)
		c.err = chromedp.Do(c.ctx, chromedp.Navigate("about:blank"))
	})
	return c.ctx, c.err
}

// browser is one tab of a headless Chromium, with cookies and a cache of its own.
type browser struct {
	t      *testing.T
	ctx    context.Context
	checks bool // axe is in each page
}

// newBrowser opens a tab, or skips where there is no Chromium; in CI, or with
// VISTKA_BROWSER=require, that fails instead.
func newBrowser(t *testing.T) *browser { t.Helper(); return engine.tab(t) }

func (c *chromium) tab(t *testing.T) *browser {
	t.Helper()
	if os.Getenv("VISTKA_BROWSER") == "skip" {
		t.Skip("VISTKA_BROWSER=skip")
	}
	parent, err := c.open()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("VISTKA_BROWSER") != "require" && os.Getenv("CI") != "true" {
		t.Skip("chromium is not installed")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	// The context of the first act is the tab's.
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx}
	// A tab beside others answers the keyboard as if it were alone.
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	return b
}
