package subscriber

import (
	"time"

	"vistka/internal/emailaddr"
)

// DefaultBudget is how many mails an hour answer sign-ups, over all newsletters
// of an installation. A site that wins five hundred readers in an hour has a
// very good day; a relay that sends more to strangers who never asked loses its
// name, and the editions with it.
const DefaultBudget = 500

// budgetWindow is the hour of the budget. It is counted by the minute, and a
// minute counts until it lies wholly outside: no hour has more than the budget.
const budgetWindow = time.Hour

// Parts of the budget, as divisors of it.
const (
	// reservePart is kept for attested readers of quiet networks, once others
	// have spent the rest.
	reservePart = 5
	// unattestedPart is what posts may take that prove nothing of where they
	// come from. Readers of a site that hides itself get through by one press
	// on our own page.
	unattestedPart = 4
	// domainPart is what one recipient's domain may take, unless it is one where
	// most people have their mailbox: a company's server is flooded too.
	domainPart = 10
)

// share is the part of the budget that a mail is taken from.
type share string

const (
	attestedShare   share = "attested"
	unattestedShare share = "unattested"
	reserveShare    share = "reserve"
)

// hold is what an owed mail waits for; empty: nothing.
type hold string

const (
	heldBySite   hold = "site"   // the hour's budget is spent
	heldByDomain hold = "domain" // its domain has had its share
	letGo        hold = "let go" // it waited for holdFor
)

// budget is what may still be mailed now.
type budget struct {
	perHour int
	spent   map[share]int  // in the last hour
	minute  int            // of the reserve, in this minute
	domains map[string]int // in the last hour, by registrable domain
}

// room is what is left for attested sign-ups, the reserve apart.
func (b *budget) room() int {
	return b.perHour - b.reserve() - b.spent[attestedShare] - b.spent[unattestedShare]
}

// unattestedRoom is what is left for those that prove nothing.
func (b *budget) unattestedRoom() int {
	return min(b.room(), b.perHour/unattestedPart-b.spent[unattestedShare])
}

// reserveRoom is what is left of the reserve in this minute: it is given out
// evenly, so that a flood that looks honest at its beginning cannot take all.
func (b *budget) reserveRoom() int {
	evenly := (b.reserve() + 59) / 60
	return min(b.reserve()-b.spent[reserveShare], evenly-b.minute)
}

func (b *budget) reserve() int { return b.perHour / reservePart }

func (b *budget) roomIn(from share) int {
	switch from {
	case reserveShare:
		return b.reserveRoom()
	case unattestedShare:
		return b.unattestedRoom()
	}
	return b.room()
}

// domainShare is what one domain may get.
func (b *budget) domainShare() int { return max(1, b.perHour/domainPart) }

// full are the domains that have had their share.
func (b *budget) full() []string {
	out := []string{}
	for domain, n := range b.domains {
		if n >= b.domainShare() && !emailaddr.Popular(domain) {
			out = append(out, domain)
		}
	}
	return out
}

// take takes one mail to a, or says what it waits for. The reserve is there for
// a domain that is flooded, too.
func (b *budget) take(from share, a emailaddr.Address) hold {
	domain := a.Provider()
	switch {
	case from != reserveShare && b.domains[domain] >= b.domainShare() && !emailaddr.Popular(domain):
		return heldByDomain
	case b.roomIn(from) <= 0:
		return heldBySite
	}
	b.add(from, domain, 1)
	return ""
}

// giveBack undoes take.
func (b *budget) giveBack(from share, a emailaddr.Address) { b.add(from, a.Provider(), -1) }

func (b *budget) add(from share, domain string, n int) {
	b.spent[from] += n
	b.domains[domain] += n
	if from == reserveShare {
		b.minute += n
	}
}
