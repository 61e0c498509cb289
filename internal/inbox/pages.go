package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"vistka/internal/locale"
	"vistka/internal/page"
)

// shown is how many mails the list has.
const shown = 50

// Routes are the pages of the inbox below /inbox, their times in zone. Whoever
// reads them could confirm any address, so they answer only to this very machine.
func (b *Box) Routes(p *page.Pages, zone func(context.Context) *time.Location) http.Handler {
	h := pages{box: b, pages: p, zone: zone}
	r := chi.NewRouter()
	r.Use(page.Headers(page.Policy{Frame: []string{"'self'"}}), page.Private, h.onlyHere)
	r.Get("/", p.Handle(h.list))
	r.Get("/newest", p.Handle(h.newest))
	r.Get("/{id:[0-9]+}", p.Handle(h.show))
	r.Get("/{id:[0-9]+}/html", p.Handle(h.html))
	r.Get("/{id:[0-9]+}/source", p.Handle(h.source))
	r.Get("/{id:[0-9]+}/files/{n:[0-9]+}", p.Handle(h.file))
	return r
}

type pages struct {
	box   *Box
	pages *page.Pages
	zone  func(context.Context) *time.Location
}

// onlyHere refuses whoever comes from another machine, or through a proxy.
func (h pages) onlyHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !local(r) {
			h.pages.Fail(w, r, page.NotFound(errors.New("inbox asked for from another machine")))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func local(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	// A page elsewhere that had its name point here must not read along.
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = r.Host
	}
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || (err == nil && addr.IsLoopback())
}

// listBody is the Body of pages/inbox.html.
type listBody struct {
	Mails  []Mail
	Newest int
}

func (h pages) list(w http.ResponseWriter, r *http.Request) error {
	mails, err := h.box.List(shown)
	if err != nil {
		return err
	}
	l := h.pages.Locale(r)
	zone := h.zone(r.Context())
	for i, m := range mails {
		mails[i].Received = m.Received.In(zone)
	}
	body := listBody{Mails: mails}
	if len(mails) > 0 {
		body.Newest = mails[0].ID
	}
	return h.pages.Render(w, r, http.StatusOK, "pages/inbox", h.view(r, l, l.T("inbox.title"), body))
}

// newest lets the list's script see that there is something new.
func (h pages) newest(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(map[string]int{"newest": h.box.Newest()})
}

func (h pages) show(w http.ResponseWriter, r *http.Request) error {
	m, err := h.mail(r)
	if err != nil {
		return err
	}
	m.Received = m.Received.In(h.zone(r.Context()))
	l := h.pages.Locale(r)
	return h.pages.Render(w, r, http.StatusOK, "pages/inbox_mail", h.view(r, l, m.Subject, m))
}

// html is the mail as a mail program shows it, in a sandbox: no script, and a
// link opens in place of the whole page. Of our origin, so that the page round it
// may measure how long it is; without scripts it can do nothing with that.
func (h pages) html(w http.ResponseWriter, r *http.Request) error {
	m, err := h.mail(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "sandbox allow-same-origin allow-top-navigation-by-user-activation; default-src 'none'; img-src *; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'self'")
	_, err = w.Write([]byte(topLinks(m.HTML)))
	return err
}

// topLinks makes links leave the frame; base-uri 'none' concerns only its href.
func topLinks(html string) string {
	head := strings.Index(html, "<head>")
	if head < 0 {
		return `<base target="_top">` + html
	}
	head += len("<head>")
	return html[:head] + `<base target="_top">` + html[head:]
}

func (h pages) source(w http.ResponseWriter, r *http.Request) error {
	m, err := h.mail(r)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err = w.Write(m.Raw)
	return err
}

// file is what was attached to a mail, to be saved and never shown.
func (h pages) file(w http.ResponseWriter, r *http.Request) error {
	m, err := h.mail(r)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(chi.URLParam(r, "n"))
	if err != nil || n >= len(m.Files) {
		return page.NotFound(err)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": m.Files[n].Name}))
	_, err = w.Write(m.Files[n].Body)
	return err
}

func (h pages) mail(r *http.Request) (Mail, error) {
	id, err := strconv.Atoi(chi.URLParam(r, "id"))
	if err != nil {
		return Mail{}, page.NotFound(err)
	}
	m, err := h.box.Get(id)
	if errors.Is(err, ErrNotFound) {
		return Mail{}, page.NotFound(err)
	}
	return m, err
}

func (h pages) view(r *http.Request, l *locale.Locale, title string, body any) page.View {
	return page.View{L: l, Title: title, Languages: h.pages.Languages(r, l), Body: body}
}
