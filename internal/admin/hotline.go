package admin

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/hotline"
	"vistka/internal/newsletter"
	"vistka/internal/page"
)

// hotlineOnly lets through whom the hotline right was given. It is a right of
// its own: no role brings it along.
func hotlineOnly(h page.Handler) page.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if !me(r).Hotline {
			return &page.Error{Status: http.StatusForbidden, Key: "admin_hotline"}
		}
		return h(w, r)
	}
}

// hotlineShown is how many requests a page holds.
const hotlineShown = 50

type hotlineInboxBody struct {
	hotline.Settings
	Filter   hotline.Filter
	Kinds    []hotline.Kind
	States   []hotline.State
	Counts   map[hotline.State]int64
	Warning  string // the key of what keeps requests or mails from coming; empty: nothing
	Rows     []hotline.Request
	Filtered bool
	Here     string // this page, where its form is posted
	Unclosed int    // of Rows
	Next     string
}

func (a *admin) hotlineInbox(w http.ResponseWriter, r *http.Request) error {
	ctx, q := r.Context(), r.URL.Query()
	b := hotlineInboxBody{Kinds: hotline.Kinds(), States: hotline.States()}
	b.Filter = hotline.Filter{
		Kind: hotline.Kind(q.Get("kind")), State: hotline.State(q.Get("state")), Query: strings.TrimSpace(q.Get("q")),
		Before: queryID(q.Get("after")), Limit: hotlineShown,
	}
	b.Filtered = b.Filter.Kind != "" || b.Filter.State != "" || b.Filter.Query != ""
	var err error
	if b.Settings, err = a.Hotline.Settings(ctx); err != nil {
		return err
	}
	if b.Warning, err = a.hotlineWarning(r, b.Settings); err != nil {
		return err
	}
	if b.Counts, err = a.Hotline.Counts(ctx); err != nil {
		return err
	}
	var before int64
	if b.Rows, before, err = a.Hotline.List(ctx, b.Filter); err != nil {
		return err
	}
	b.Here = r.URL.RequestURI()
	for _, row := range b.Rows {
		if row.State != hotline.Closed {
			b.Unclosed++
		}
	}
	if before != 0 {
		b.Next = nextPage(r, strconv.FormatInt(before, 10))
	}
	return a.render(w, r, http.StatusOK, "hotline", "admin.hotline.title", b)
}

// hotlineWarning is the key of what an owner should mend first.
func (a *admin) hotlineWarning(r *http.Request, set hotline.Settings) (string, error) {
	list, err := newsletter.List(r.Context(), a.DB)
	switch {
	case !set.Open:
		return "shut", err
	case len(set.Desk) == 0:
		return "no_desk", err
	case !slices.ContainsFunc(list, func(n newsletter.Newsletter) bool { return n.ArchivedAt == nil }):
		return "no_sender", err
	case set.WrongKeys() != "":
		return "wrong_keys", err
	}
	return "", err
}

type hotlineRequestBody struct {
	hotline.Request
	Notes     []hotline.Note
	Names     map[int64]string // of accounts
	States    []hotline.State
	Wanted    hotline.State // as chosen in the form
	DeletedAt time.Time
	Note      string // as typed
	Error     string // of the note, in words
}

func (a *admin) hotlineRequest(w http.ResponseWriter, r *http.Request) error {
	b, err := a.hotlineAt(r)
	if err != nil {
		return err
	}
	return a.showHotline(w, r, http.StatusOK, b)
}

func (a *admin) showHotline(w http.ResponseWriter, r *http.Request, status int, b hotlineRequestBody) error {
	return a.render(w, r, status, "hotline_request", "admin.hotline.request", b, "reference", b.Reference)
}

func (a *admin) hotlineAt(r *http.Request) (b hotlineRequestBody, err error) {
	id, err := pathID(r)
	if err != nil {
		return b, err
	}
	b.Request, b.Notes, err = a.Hotline.Get(r.Context(), id)
	if errors.Is(err, hotline.ErrNotFound) {
		return b, page.NotFound(err)
	}
	if err != nil {
		return b, err
	}
	set, err := a.Hotline.Settings(r.Context())
	if err != nil {
		return b, err
	}
	b.States, b.Wanted, b.DeletedAt = hotline.States(), b.State, set.DeletedAt(b.CreatedAt)
	b.Names, err = a.accountNames(r)
	return b, err
}

func (a *admin) accountNames(r *http.Request) (map[int64]string, error) {
	list, err := a.Accounts.List(r.Context())
	names := make(map[int64]string, len(list))
	for _, acc := range list {
		names[acc.ID] = acc.Name
	}
	return names, err
}

func (a *admin) actHotline(w http.ResponseWriter, r *http.Request) error {
	b, err := a.hotlineAt(r)
	if err != nil {
		return err
	}
	ctx, object, back := r.Context(), fmt.Sprintf("hotline request %d", b.ID), fmt.Sprintf("/admin/hotline/%d", b.ID)
	switch r.PostFormValue("act") {
	case "note":
		return a.noteHotline(w, r, b, object, back)
	case "erase":
		if r.PostFormValue("sure") == "" {
			return a.say(w, r, false, "admin.hotline.said.not_sure", back)
		}
		err = a.recorded(r, "hotline.erase", object, nil, func(tx pgx.Tx) error { return a.Hotline.Erase(ctx, tx, b.ID) })
		if errors.Is(err, hotline.ErrNotFound) {
			return page.NotFound(err)
		}
		if err != nil {
			return err
		}
		return a.say(w, r, true, "admin.hotline.said.erase", "/admin/hotline")
	}
	return page.BadRequest(errors.New("unknown act"))
}

// noteHotline writes down what was done about a request, and how far it is.
func (a *admin) noteHotline(w http.ResponseWriter, r *http.Request, b hotlineRequestBody, object, back string) error {
	act := hotline.Act{
		RequestID: b.ID, AccountID: me(r).ID, Note: r.PostFormValue("note"),
		From: hotline.State(r.PostFormValue("from")), To: hotline.State(r.PostFormValue("state")),
	}
	if !knownState(act.From) || !knownState(act.To) {
		return page.BadRequest(errors.New("unknown state"))
	}
	name, detail := "hotline.note", map[string]any{}
	if act.From != act.To {
		name, detail["state"] = "hotline.state", act.To
	}
	err := a.recorded(r, name, object, detail, func(tx pgx.Tx) error { return a.Hotline.Do(r.Context(), tx, act) })
	var fields hotline.FieldErrors
	switch {
	case errors.As(err, &fields):
		l := a.locale(r)
		b.Note, b.Wanted, b.Error = act.Note, act.To, l.T(fields["note"], "most", l.Number(hotline.MaxText))
		return a.showHotline(w, r, http.StatusUnprocessableEntity, b)
	case errors.Is(err, hotline.ErrState):
		b.Note, b.Error = act.Note, a.locale(r).T("admin.hotline.said.state")
		return a.showHotline(w, r, http.StatusConflict, b)
	case errors.Is(err, hotline.ErrNotFound):
		return page.NotFound(err)
	case err != nil:
		return err
	}
	return a.say(w, r, true, "admin.hotline.said.saved", back)
}

func knownState(s hotline.State) bool { return slices.Contains(hotline.States(), s) }
