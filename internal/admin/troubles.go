package admin

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"vistka/internal/account"
	"vistka/internal/article"
	"vistka/internal/locale"
	"vistka/internal/page"
	"vistka/internal/subscriber"
)

// troubles says what is wrong, the worst first, and what to do about each.
func (a *admin) troubles(r *http.Request, b homeBody) []trouble {
	l := a.locale(r)
	all := slices.Concat(a.sendingTroubles(l, b), signupTroubles(l, b.Meter), a.feedTroubles(l, b), a.newsletterTroubles(l, b, me(r).Role.Allows(account.Owner)))
	if page.UntrustedProxy(r, a.TrustedProxies) || a.Pages.ProxySeen(a.Clock.Now()) {
		all = append(all, trouble{Title: l.T("admin.trouble.proxy"), Text: l.T("admin.trouble.proxy_do")})
	}
	if b.HotlineKeys {
		all = append(all, trouble{
			Bad: true, Title: l.T("admin.trouble.hotline_keys"), Text: l.T("admin.trouble.hotline_keys_do"),
			URL: "/admin/hotline", Link: l.T("admin.trouble.hotline_link"),
		})
	}
	slices.SortStableFunc(all, func(x, y trouble) int {
		switch {
		case x.Bad == y.Bad:
			return 0
		case x.Bad:
			return -1
		}
		return 1
	})
	return all
}

func (a *admin) sendingTroubles(l *locale.Locale, b homeBody) []trouble {
	var out []trouble
	driven := false
	for _, relay := range b.Relays {
		driven = driven || relay.Driven
		switch {
		case relay.State == "down":
			out = append(out, trouble{
				Bad: true, Title: l.T("admin.trouble.relay", "name", relay.Name), Text: l.T("admin.trouble.relay_do"), Words: relay.Problem,
			})
		case relay.Problem != "":
			out = append(out, trouble{
				Bad: true, Title: l.T("admin.trouble.relay_says", "name", relay.Name), Text: l.T("admin.trouble.relay_says_do"), Words: relay.Problem,
			})
		}
	}
	if !driven {
		out = append(out, trouble{Bad: true, Title: l.T("admin.trouble.no_sender"), Text: l.T("admin.trouble.no_sender_do")})
	}
	if a.NoRelay {
		out = append(out, trouble{
			Title: l.T("admin.trouble.inbox"), Text: l.T("admin.trouble.inbox_do"), URL: a.InboxURL, Link: l.T("admin.relay.inbox"),
		})
	}
	if b.Backlog.Held > 0 {
		out = append(out, trouble{
			Bad: true, Title: l.N("admin.trouble.doubt", int(b.Backlog.Held)), Text: l.T("admin.trouble.doubt_do"),
			URL: "/admin/deliveries", Link: l.T("admin.trouble.doubt_link"),
		})
	}
	if b.Backlog.Failed > 0 {
		out = append(out, trouble{
			Title: l.N("admin.trouble.failed", int(b.Backlog.Failed)), Text: l.T("admin.trouble.failed_do"), Failed: b.Failed,
			URL: "/admin/deliveries#failed", Link: l.T("admin.trouble.failed_link"),
		})
	}
	if b.Backlog.Oldest != nil && a.Clock.Now().Sub(*b.Backlog.Oldest) > staleQueue && b.Waiting > 0 {
		out = append(out, trouble{
			Title: l.N("admin.trouble.queue", int(b.Waiting)), Text: l.T("admin.trouble.queue_do"),
			URL: "/admin/editions", Link: l.T("admin.trouble.queue_link"),
		})
	}
	for _, e := range b.Paused {
		out = append(out, trouble{
			Title: l.T("admin.trouble.paused", "title", headline(l, e.Headline), "name", e.Newsletter), Text: l.T("admin.trouble.paused_do"), Words: say(l, e.Reason),
			URL: "/admin/editions/" + strconv.FormatInt(e.ID, 10), Link: l.T("admin.trouble.paused_link"),
		})
	}
	return out
}

func signupTroubles(l *locale.Locale, m subscriber.Meter) []trouble {
	var out []trouble
	link := trouble{URL: "/admin/subscribers?status=pending", Link: l.T("admin.trouble.budget_link")}
	if m.SpentSince != nil {
		t := link
		t.Bad, t.Title, t.Text = true, l.T("admin.trouble.budget"), l.T("admin.trouble.budget_do")
		out = append(out, t)
	}
	if m.LetGo > 0 {
		t := link
		t.Title, t.Text = l.N("admin.trouble.let_go", m.LetGo), l.T("admin.trouble.let_go_do")
		out = append(out, t)
	}
	return out
}

func (a *admin) feedTroubles(l *locale.Locale, b homeBody) []trouble {
	var out []trouble
	seen := map[int64]bool{} // a feed that two newsletters read is one trouble
	for _, f := range b.Feeds {
		if seen[f.ID] {
			continue
		}
		seen[f.ID] = true
		name := f.Title
		if name == "" {
			name = f.URL
		}
		link := trouble{URL: "/admin/feeds", Link: l.T("admin.trouble.feed_link"), Words: say(l, f.Problem)}
		silent := f.GoodAt == nil || a.Clock.Now().Sub(*f.GoodAt) > article.Stale
		switch {
		case f.State == "gone":
			link.Bad, link.Title, link.Text = true, l.T("admin.trouble.feed_gone", "name", name), l.T("admin.trouble.feed_gone_do")
		case f.State == "active" && f.Problem != nil:
			link.Bad = silent
			link.Title, link.Text = l.T("admin.trouble.feed", "name", name), l.T("admin.trouble.feed_do")
		case f.State == "active" && f.PolledAt != nil && a.Clock.Now().Sub(*f.PolledAt) > article.Stale:
			link.Bad, link.Title, link.Text = true, l.T("admin.trouble.feed_late", "name", name), l.T("admin.trouble.feed_late_do")
		default:
			continue
		}
		out = append(out, link)
	}
	held := 0
	for _, n := range b.Held {
		held += n.N
	}
	if held > 0 {
		out = append(out, trouble{
			Title: l.N("admin.trouble.held", held), Text: l.T("admin.trouble.held_do"), Held: b.Held,
			URL: "/admin/articles?state=held", Link: l.T("admin.trouble.held_link"),
		})
	}
	return out
}

// newsletterTroubles are settings that became wrong when a relay was configured.
func (a *admin) newsletterTroubles(l *locale.Locale, b homeBody, owner bool) []trouble {
	var out []trouble
	for _, n := range b.Newsletters {
		if len(n.CheckPostalAddress(a.RelayOnLoopback)) == 0 {
			continue
		}
		t := trouble{Title: l.T("admin.trouble.postal", "name", n.Name), Text: l.T("admin.trouble.postal_do")}
		if owner {
			t.URL, t.Link = fmt.Sprintf("/admin/newsletters/%d#f-postal_address", n.ID), l.T("admin.trouble.postal_link")
		}
		out = append(out, t)
	}
	return out
}

// say is m in words; "" for none.
func say(l *locale.Locale, m *locale.Message) string {
	if m == nil {
		return ""
	}
	return l.Say(*m)
}
