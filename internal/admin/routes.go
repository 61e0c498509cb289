package admin

import (
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"

	"vistka/internal/account"
	"vistka/internal/page"
)

// route is an address that needs a log-in and a role. One without a role
// answers nobody.
type route struct {
	method, pattern string
	need            account.Role
	handler         page.Handler
}

func (a *admin) table() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, editor, owner = account.Viewer, account.Editor, account.Owner
	return []route{
		{get, "/", viewer, a.home},
		{post, "/logout", viewer, a.logout},
		{post, "/language", viewer, a.language},

		{get, "/articles", viewer, a.articles},
		{post, "/articles", editor, a.decideAll},
		{get, "/articles/{id}", viewer, a.article},
		{post, "/articles/{id}", editor, a.decideArticle},

		{get, "/editions", viewer, a.editions},
		{get, "/editions/{id}", viewer, a.edition},
		{get, "/editions/{id}/progress", viewer, a.progress},
		{post, "/editions/{id}", editor, a.actEdition},
		{get, "/deliveries", viewer, a.doubtful},
		{post, "/deliveries", editor, a.retry},
		{get, "/sending", viewer, a.sending},
		{post, "/sending", editor, a.actSending},
		{post, "/sending/unlock", owner, a.unlockSending},

		{get, "/subscribers", viewer, a.subscribers},
		{get, "/subscribers/{id}", viewer, a.subscriber},
		{post, "/subscribers/{id}", editor, a.actSubscriber},
		{post, "/signups/{id}", editor, a.allowConfirmations},

		{get, "/export", editor, a.exportPage},
		{post, "/export", editor, a.export},

		{get, "/newsletters", viewer, a.newsletters},
		{get, "/newsletters/new", owner, a.newNewsletter},
		{post, "/newsletters/new", owner, a.addNewsletter},
		{get, "/newsletters/{id}", owner, a.editNewsletter},
		{post, "/newsletters/{id}", owner, a.saveNewsletter},
		{get, "/newsletters/{id}/sources", viewer, a.sources},
		{get, "/newsletters/{id}/embeds", viewer, a.embeds},
		{get, "/newsletters/{id}/embeds/{kind}", viewer, a.embedPreview},
		{post, "/newsletters/{id}/archive", owner, a.archive},
		{get, "/newsletters/{id}/test", editor, a.testOutcome},
		{post, "/newsletters/{id}/test", editor, a.mailTest},

		{get, "/feeds", viewer, a.feeds},
		{get, "/feeds/check", viewer, a.checkFeed},
		{post, "/feeds", owner, a.addFeed},
		{post, "/feeds/{id}", owner, a.actFeed},
		{get, "/feeds/{id}/filters", owner, a.filters},
		{post, "/feeds/{id}/filters", owner, a.saveFilters},
	}
}

// hotlineTable is what needs the hotline right beside a role.
func (a *admin) hotlineTable() []route {
	const get, post = http.MethodGet, http.MethodPost
	const viewer, owner = account.Viewer, account.Owner
	return []route{
		{get, "/hotline", viewer, hotlineOnly(a.hotlineInbox)},
		{post, "/hotline", viewer, hotlineOnly(a.closeHotline)},
		{get, "/hotline/{id}", viewer, hotlineOnly(a.hotlineRequest)},
		{post, "/hotline/{id}", viewer, hotlineOnly(a.actHotline)},
		{get, "/hotline/export", viewer, hotlineOnly(a.hotlineExportPage)},
		{post, "/hotline/export", viewer, hotlineOnly(a.exportHotline)},
		{get, "/hotline/settings", owner, hotlineOnly(a.hotlineSettings)},
		{post, "/hotline/settings", owner, hotlineOnly(a.saveHotlineSettings)},
		{get, "/hotline/settings/{snippet}", owner, hotlineOnly(a.hotlinePreview)},
		{post, "/hotline/rights", owner, hotlineOnly(a.setHotlineRight)},
	}
}

// routes is every address under /admin. Those above the loop are open to
// people who are not logged in.
func (a *admin) routes(r chi.Router) {
	h := a.handle
	r.NotFound(h(func(http.ResponseWriter, *http.Request) error { return page.NotFound(nil) }))
	within := page.Within(page.Budget)
	r.With(within).Get("/login", h(a.loginPage))
	r.With(within).Post("/login", h(a.login))
	r.Get("/setup", h(a.setupPage))
	r.Post("/setup", h(a.setup))
	for _, t := range slices.Concat(a.table(), a.hotlineTable()) {
		if t.method == http.MethodGet && t.pattern != "/feeds/check" { // which asks a site
			r.With(within, a.need(t.need)).Method(t.method, t.pattern, h(t.handler))
			continue
		}
		r.With(a.need(t.need)).Method(t.method, t.pattern, h(t.handler))
	}
}
