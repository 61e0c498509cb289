package subscriber

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/emailaddr"
	"vistka/internal/suppression"
)

// answering is one page of sign-ups being answered in one transaction.
type answering struct {
	*Service
	tx     pgx.Tx
	now    time.Time
	budget *budget
	asked  bool // without work a sign-up proves nothing

	ids     []int64 // settled, with what each is held by, empty for none, and its domain
	holds   []string
	domains []string
	mails   map[mailCount]int
	notices []Notice // of what is settled
}

type mailCount struct {
	share  share
	domain string
}

// due is a sign-up that a mail is owed to.
type due struct {
	ID, NewsletterID, SubscriberID int64
	Address, Locale, ReaderLocale  string
	CreatedAt, MailDueAt           time.Time
	Attested, Proven               bool
	Archived, Over                 bool
	Answered                       bool // its confirmation is on its way, or has just gone

	address emailaddr.Address
	unfit   bool // taken by a version that read addresses otherwise
}

func (a *answering) share(d due) share {
	if d.Proven || d.Attested && !a.asked {
		return attestedShare
	}
	return unattestedShare
}

// fresh answers those that nobody has looked at, and reports whether the page
// was full.
func (a *answering) fresh(ctx context.Context) (full bool, err error) {
	all, err := a.read(ctx, owedNew, pgx.StrictNamedArgs{"limit": answerPage})
	if err != nil {
		return false, err
	}
	return len(all) == answerPage, a.answerEach(ctx, all, a.share)
}

// held answers those that wait, as far as there is room for them again: the
// proven first, then the attested, then the oldest.
func (a *answering) held(ctx context.Context) (full bool, err error) {
	limit := min(answerPage, a.budget.room())
	if limit <= 0 {
		return false, nil
	}
	all, err := a.read(ctx, owedHeld, pgx.StrictNamedArgs{
		"limit": limit, "full": a.budget.full(), "asked": a.asked, "unattested": a.budget.unattestedRoom() > 0,
	})
	if err != nil {
		return false, err
	}
	return len(all) == answerPage, a.answerEach(ctx, all, a.share)
}

// quiet gives of the reserve to attested sign-ups of networks that hardly any
// other comes from, work or none.
func (a *answering) quiet(ctx context.Context) error {
	all, err := a.read(ctx, owedQuiet, pgx.StrictNamedArgs{
		"within": ConfirmWithin, "wait": reserveWait, "quiet": quietNetwork, "limit": a.budget.reserveRoom(),
	})
	if err != nil {
		return err
	}
	if err := a.answerEach(ctx, all, func(due) share { return reserveShare }); err != nil {
		return err
	}
	return a.settle(ctx)
}

func (a *answering) read(ctx context.Context, sql string, args pgx.StrictNamedArgs) ([]due, error) {
	args["now"], args["moment"] = a.now, a.now.Add(-repeatWithin)
	rows, err := a.tx.Query(ctx, sql, args)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d due, err error) {
		if d, err = pgx.RowToStructByNameLax[due](row); err != nil {
			return d, err
		}
		if d.address, err = emailaddr.Parse(d.Address); err != nil {
			a.Log.Error("sign-up cannot be answered", "signup", d.ID, "error", err)
			d.unfit, err = true, nil
		}
		return d, err
	})
}

// answerEach mails what a sign-up is answered with: to an active reader the
// settings, at most once a day; to a suppressed address nothing, nor to one whose
// confirmation is on its way; to everybody else, the erased included, a confirmation.
func (a *answering) answerEach(ctx context.Context, all []due, from func(due) share) error {
	reasons, err := a.suppressed(ctx, all)
	if err != nil {
		return err
	}
	for i, d := range all {
		held := hold("")
		switch active := d.SubscriberID != 0; {
		case d.unfit, d.Archived, d.Over && !active, d.Answered && !active, reasons[i].StopsConfirmation():
		default:
			if held, err = a.mail(ctx, d, from(d)); err != nil {
				return fmt.Errorf("sign-up %d: %w", d.ID, err)
			}
		}
		domain := ""
		if held != "" {
			domain = d.address.Provider()
		}
		a.ids, a.holds, a.domains = append(a.ids, d.ID), append(a.holds, string(held)), append(a.domains, domain)
	}
	return nil
}

// mail takes one mail of the budget, or says what it waits for.
func (a *answering) mail(ctx context.Context, d due, from share) (hold, error) {
	if held := a.budget.take(from, d.address); held != "" {
		return held, nil
	}
	n := Notice{Kind: NoticeConfirmation, Locale: d.Locale, NewsletterID: d.NewsletterID, SignupID: d.ID}
	if d.SubscriberID != 0 {
		first, err := a.claimSettings(ctx, d.address)
		if err != nil || !first {
			a.budget.giveBack(from, d.address)
			return "", err
		}
		n = Notice{
			Kind: NoticeSettings, Locale: d.ReaderLocale, NewsletterID: d.NewsletterID, SubscriberID: d.SubscriberID, AskedAt: d.CreatedAt,
		}
	}
	a.mails[mailCount{from, d.address.Provider()}]++
	a.notices = append(a.notices, n)
	return "", nil
}

// claimSettings takes the day's one settings mail of a mailbox.
func (a *answering) claimSettings(ctx context.Context, to emailaddr.Address) (bool, error) {
	tag, err := a.tx.Exec(ctx, claimSettings, pgx.StrictNamedArgs{"limit": a.limitHash(to), "now": a.now, "since": a.now.Add(-settingsEvery)})
	return tag.RowsAffected() == 1, err
}

// suppressed looks all of them up at once.
func (a *answering) suppressed(ctx context.Context, all []due) ([]suppression.Reason, error) {
	hashes := make([][]byte, len(all))
	for i, d := range all {
		hashes[i] = a.hash(d.address)
	}
	found, err := suppression.HasAny(ctx, a.tx, hashes)
	if err != nil {
		return nil, err
	}
	reasons := make([]suppression.Reason, len(all))
	for i, h := range hashes {
		reasons[i] = found[string(h)]
	}
	return reasons, nil
}

// settle queues the mails of the page, and writes down what became of it and
// what it took of the budget.
func (a *answering) settle(ctx context.Context) error {
	if len(a.ids) == 0 {
		return nil
	}
	_, err := a.tx.Exec(ctx, settle, pgx.StrictNamedArgs{"ids": a.ids, "holds": a.holds, "domains": a.domains})
	a.ids, a.holds, a.domains = nil, nil, nil
	if err != nil || len(a.notices) == 0 {
		return err
	}
	if err := a.Notify(ctx, a.tx, a.notices...); err != nil {
		return err
	}
	a.notices = nil
	var shares, domains []string
	var counts []int
	for of, n := range a.mails {
		shares, domains, counts = append(shares, string(of.share)), append(domains, of.domain), append(counts, n)
	}
	_, err = a.tx.Exec(ctx, countMails, pgx.StrictNamedArgs{
		"minute": a.now.Truncate(time.Minute), "shares": shares, "domains": domains, "counts": counts,
	})
	clear(a.mails)
	return err
}
