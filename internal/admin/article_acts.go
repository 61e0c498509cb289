package admin

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"vistka/internal/article"
	"vistka/internal/edition"
	"vistka/internal/locale"
	"vistka/internal/page"
)

// maxNote bounds what readers are told of a mistake; in octets.
const maxNote = 4000

// errNoNote says that a correction does not say what was wrong.
var errNoNote = errors.New("a correction without words")

// nobodyCorrected are the words for a correction that goes to no reader.
var nobodyCorrected = map[edition.Nobody]string{
	edition.NobodyHas: "correct_nobody", edition.NobodyLeft: "correct_left", edition.NobodyYet: "correct_none",
}

// related reads the article's translations and what may become of it.
func (a *admin) related(r *http.Request, b *articleBody) (err error) {
	ctx := r.Context()
	if _, b.Names, err = a.newsletterNames(r); err != nil {
		return err
	}
	if b.Translations, err = article.Translations(ctx, a.DB, b.ID); err != nil {
		return err
	}
	if b.Pairable, err = article.Pairable(ctx, a.DB, b.ID); err != nil {
		return err
	}
	b.Corrections, err = a.Editions.Corrections(ctx, b.ID)
	return err
}

// articleAct does something with an article in tx and returns which words the
// next page says: admin.article.said.KEY.
type articleAct func(tx pgx.Tx) (said string, err error)

// moreActs are those that leave the article's state as it is.
func (a *admin) moreActs(r *http.Request, id int64, reason string) map[string]articleAct {
	ctx, by := r.Context(), me(r).ID
	note := func(tx pgx.Tx, key string, readers int64, words string) error {
		return a.Articles.Within(tx).Note(ctx, id, by, locale.Message{Key: "article.note." + key, N: int(readers), Name: words})
	}
	noteNobody := func(tx pgx.Tx, words string) error {
		return a.Articles.Within(tx).NoteOnce(ctx, id, by, locale.Message{Key: "article.note.correct_nobody", Name: words})
	}
	return map[string]articleAct{
		"pair": func(tx pgx.Tx) (string, error) {
			return "pair", a.Articles.Within(tx).Pair(ctx, id, queryID(r.PostFormValue("other")), by)
		},
		"unpair":  func(tx pgx.Tx) (string, error) { return "unpair", a.Articles.Within(tx).Unpair(ctx, id, by) },
		"lead":    func(tx pgx.Tx) (string, error) { return "lead", a.Articles.Within(tx).SetLead(ctx, id, by, true) },
		"no_lead": func(tx pgx.Tx) (string, error) { return "no_lead", a.Articles.Within(tx).SetLead(ctx, id, by, false) },
		"again": func(tx pgx.Tx) (string, error) {
			n, err := a.Editions.MailAgain(ctx, tx, id)
			if err != nil || n == 0 {
				return "again_nobody", err
			}
			return "again", note(tx, "mailed_again", n, reason)
		},
		"correct": func(tx pgx.Tx) (string, error) {
			words := strings.TrimSpace(r.PostFormValue("note"))
			nth, err := strconv.Atoi(r.PostFormValue("nth"))
			if words == "" || len(words) > maxNote || err != nil {
				return "", errNoNote
			}
			n, err := a.Editions.Correct(ctx, tx, id, nth, words)
			if err != nil {
				return "", err
			}
			if n == 0 {
				why, err := a.Editions.WhyNobody(ctx, tx, id)
				if err != nil {
					return "", err
				}
				return nobodyCorrected[why], noteNobody(tx, words)
			}
			return "correct", note(tx, "corrected", n, words)
		},
	}
}

func (a *admin) actArticle(w http.ResponseWriter, r *http.Request, id int64, name string, act articleAct) error {
	back := "/admin/articles/" + strconv.FormatInt(id, 10)
	var said string
	err := a.recorded(r, "article."+name, fmt.Sprintf("article %d", id), nil, func(tx pgx.Tx) (err error) {
		said, err = act(tx)
		return err
	})
	switch {
	case err == nil, errors.Is(err, article.ErrNoted): // a second press that does nothing is not recorded once more
		return a.say(w, r, true, "admin.article.said."+said, back)
	case errors.Is(err, errNoNote):
		return a.showArticle(w, r, http.StatusUnprocessableEntity, id, r.PostFormValue("note"), a.locale(r).T("admin.article.said.no_note"))
	case errors.Is(err, edition.ErrRepeated):
		return a.showArticle(w, r, http.StatusConflict, id, r.PostFormValue("note"), a.locale(r).T("admin.article.said.repeated"))
	case errors.Is(err, article.ErrNoPair):
		return a.say(w, r, false, "admin.article.said.no_pair", back)
	case errors.Is(err, article.ErrState), errors.Is(err, edition.ErrState):
		return a.say(w, r, false, "admin.article.said.state", back)
	case errors.Is(err, article.ErrNotFound):
		return page.NotFound(err)
	}
	return err
}
