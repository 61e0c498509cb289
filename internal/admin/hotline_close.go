package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/account"
	"vistka/internal/hotline"
	"vistka/internal/page"
	"vistka/internal/postgres"
)

// closeHotline closes those requests of a page that were ticked, or all of them,
// as after a flood. Each has an entry of its own in the trail.
func (a *admin) closeHotline(w http.ResponseWriter, r *http.Request) error {
	if err := r.ParseForm(); err != nil {
		return page.BadRequest(err)
	}
	back := r.URL.RequestURI() // the page that was pressed on
	var chosen []string
	switch r.PostForm.Get("act") {
	case "close":
		chosen = r.PostForm["request"]
	case "close all":
		chosen = r.PostForm["shown"]
	default:
		return page.BadRequest(errors.New("unknown act"))
	}
	if len(chosen) == 0 {
		return a.say(w, r, false, "admin.hotline.said.close_none", back)
	}
	seen, err := seenRequests(chosen)
	if err != nil {
		return page.BadRequest(err)
	}
	var closed []int64
	err = postgres.InTx(r.Context(), a.DB, func(tx pgx.Tx) (err error) {
		if closed, err = a.Hotline.Close(r.Context(), tx, me(r).ID, seen); err != nil {
			return err
		}
		for _, id := range closed {
			err := account.Record(r.Context(), tx, account.Event{
				At: a.Clock.Now(), AccountID: me(r).ID, Act: "hotline.state", Object: fmt.Sprintf("hotline request %d", id),
				Detail: map[string]any{"state": hotline.Closed},
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(closed) == 0:
		return a.say(w, r, false, "admin.hotline.said.close_late", back)
	case len(closed) < len(seen):
		return a.sayN(w, r, "admin.hotline.said.closed_some", len(closed), back)
	}
	return a.sayN(w, r, "admin.hotline.said.closed", len(closed), back)
}

// seenRequests reads what the boxes of the inbox stand for: an id and a state.
func seenRequests(chosen []string) ([]hotline.Seen, error) {
	if len(chosen) > hotlineShown {
		return nil, errors.New("more requests than a page holds")
	}
	seen := make([]hotline.Seen, 0, len(chosen))
	for _, c := range chosen {
		id, state, _ := strings.Cut(c, " ")
		n, err := strconv.ParseInt(id, 10, 64)
		if err != nil || !knownState(hotline.State(state)) {
			return nil, errors.New("no such request")
		}
		seen = append(seen, hotline.Seen{ID: n, State: hotline.State(state)})
	}
	return seen, nil
}
