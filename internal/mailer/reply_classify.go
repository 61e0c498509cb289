package mailer

import (
	"regexp"
	"strings"
)

// Action is what becomes of a message after a reply.
type Action string

const (
	Accepted  Action = "accepted"   // the relay answered 250 to the message
	InDoubt   Action = "in doubt"   // the dot was written, no complete reply came
	Retry     Action = "retry"      // this message again, by the schedule
	Reconnect Action = "reconnect"  // the connection went away: the same message at once on a new one
	Fail      Action = "fail"       // this message never again
	PauseAll  Action = "pause all"  // the relay takes nothing now: nobody's tries are charged
	RefusedUs Action = "refused us" // our sender is refused: the edition stops, a person is told
)

// Charge is what a reply says about the subscriber's address.
type Charge string

const (
	ChargeNone Charge = ""
	ChargeSoft Charge = "soft"
	ChargeHard Charge = "hard"
	ChargeGone Charge = "gone" // the mailbox does not exist (5.1.1, 5.1.3, 5.1.6): suppress after one
)

// Verdict is the table in docs/rules.md applied to one reply.
type Verdict struct {
	Action Action
	Charge Charge
	Policy bool // our reputation or the content is refused: counted by the edition's breaker
	Slow   bool // this destination wants less of us: back off from the whole provider
	Drop   bool // the connection must not be used again, not even for QUIT
}

// Classify judges the last reply of a message; see the table in docs/rules.md.
// Replies while connecting are a *DialError of Dial and concern the relay only.
func Classify(r Reply) Verdict {
	class := r.Code / 100
	if r.Garbled {
		// RFC 5321 section 4.2: fatal for the connection, as a 4xx of the stage.
		v := Verdict{Action: Retry, Drop: true}
		if r.Stage == StageMail || r.Stage == StageData {
			v.Action = PauseAll
		}
		return v
	}
	if r.Code == 0 {
		if r.Stage == StageFinal {
			return Verdict{Action: InDoubt, Drop: true}
		}
		return Verdict{Action: Reconnect, Drop: true}
	}
	if r.Local {
		return Verdict{Action: Fail}
	}
	switch r.Stage {
	case StageMail, StageData:
		switch {
		case class == 2 || class == 3:
			return Verdict{Action: PauseAll, Drop: true} // out of step
		case class == 4:
			return Verdict{Action: PauseAll, Drop: r.Code == 421}
		default:
			return Verdict{Action: RefusedUs, Policy: true}
		}
	case StageRcpt:
		switch class {
		case 4:
			v := temporary(r)
			if r.Code == 421 {
				v.Drop = true
				if !v.Slow {
					v.Action = Reconnect
				}
			}
			return v
		case 5:
			return permanent(r)
		default:
			return Verdict{Action: Retry, Drop: true} // 3xx: out of step
		}
	default: // StageFinal; StageBody never has a code
		switch class {
		case 2:
			return Verdict{Action: Accepted}
		case 4:
			v := temporary(r)
			v.Charge, v.Drop = ChargeNone, r.Code == 421
			return v
		case 5:
			v := permanent(r)
			if strings.HasPrefix(r.Enhanced, "5.6.") {
				v.Policy = true
			}
			return v
		default:
			return Verdict{Action: Retry, Drop: true}
		}
	}
}

// temporary judges a 4xx that concerns a recipient.
func temporary(r Reply) Verdict {
	v := Verdict{Action: Retry, Charge: ChargeSoft}
	text := strings.ToLower(r.Text)
	grey := strings.Contains(text, "grey") || strings.Contains(text, "gray")
	mailbox := strings.HasPrefix(r.Enhanced, "4.2.") // one mailbox gets too much, not its provider
	v.Slow = !grey && !mailbox && (r.Code == 421 && strings.HasPrefix(r.Enhanced, "4.7.") || r.Enhanced == "4.7.28" || rateWords.MatchString(text))
	return v
}

// permanent judges a 5xx by its status code (RFC 3463) and, where that is
// missing or vague, by its words. A fault of ours never counts against the
// reader, even when it is dressed as "no such user".
func permanent(r Reply) Verdict {
	text := strings.ToLower(r.Text)
	e := r.Enhanced
	switch {
	case e == "5.2.1" && rateWords.MatchString(text):
		return Verdict{Action: Retry}
	case strings.HasPrefix(e, "5.7.") || e == "5.1.7" || e == "5.1.8" || policyWords.MatchString(text):
		return Verdict{Action: Fail, Policy: true}
	case e == "5.1.1" || e == "5.1.3" || e == "5.1.6":
		return Verdict{Action: Fail, Charge: ChargeGone}
	case e == "5.1.2" || e == "5.1.10":
		return Verdict{Action: Fail, Charge: ChargeHard} // the domain: it may come back, E15
	case e == "5.2.1" || e == "5.2.2" || e == "" && (r.Code == 552 || fullWords.MatchString(text)):
		return Verdict{Action: Fail, Charge: ChargeSoft}
	case e == "" && (r.Code == 550 || r.Code == 551 || r.Code == 553) && r.Stage == StageRcpt:
		return Verdict{Action: Fail, Charge: ChargeHard}
	default:
		return Verdict{Action: Fail}
	}
}

var (
	// Words of a limit on how often, not of a fault.
	rateWords = regexp.MustCompile(`\bat a rate\b|\brate[- ]?limit|\btoo many (messages|mails|emails|connections|recipients)\b|\btoo (fast|frequent|much mail)|\bthrottl|\bunusual rate\b|\bslow down\b`)
	// Words that name our address, domain, content or standing.
	policyWords = regexp.MustCompile(`\bspam|\bblock(ed|list)?\b|\bblack ?list|\bdeny ?list|\brbl\b|\bdnsbl\b|\bspf\b|\bdkim\b|\bdmarc\b|\bptr\b|reverse dns|\breputation\b|\bpolic(y|ies)\b|\bbanned\b|\bauthenticat|\brelay(ing)? (access )?(denied|not permitted|not allowed)|\bnot permitted\b|\bunsolicited\b|\bbulk\b|\bvirus|\bmalware|\bcontent (rejected|denied)|\bip address\b|\bsender (address )?(rejected|verify|denied)`)
	fullWords   = regexp.MustCompile(`\b(mailbox|quota|inbox|account) (is )?(full|exceeded|disabled|inactive|over quota)|\bover ?quota\b|\bquota exceeded\b`)
)
