package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"vistka/internal/locale"
	"vistka/internal/mailer"
)

// HoldUpKind is what keeps an edition from going out.
type HoldUpKind string

const (
	SendingOff      HoldUpKind = "sending"   // somebody or the guard stopped all sending
	NoSender        HoldUpKind = "no_sender" // no process drives a relay
	RelayDown       HoldUpKind = "relay"     // the relay takes nothing
	ProviderResting HoldUpKind = "provider"  // a destination asked for less
)

// HoldUp is one thing that keeps mails of an edition waiting.
type HoldUp struct {
	Kind  HoldUpKind
	Name  string     // of the relay, or the provider's domain
	Words string     // the relay's, where it said why
	Mails int64      // how many wait for a provider
	Until *time.Time // when the provider is tried again
}

// Say puts it into words, without the relay's own; when is Until as it is said.
func (h HoldUp) Say(l *locale.Locale, when string) string {
	if h.Kind == ProviderResting {
		return l.N("delivery.holdup.provider", int(h.Mails), "name", h.Name, "when", when)
	}
	return l.T("delivery.holdup."+string(h.Kind), "name", h.Name)
}

// HoldUps tells what keeps an edition's mails waiting now. Which providers rest
// only the driver knows for sure; it is told here from the replies that made it
// rest, and for that long.
func (s *Service) HoldUps(ctx context.Context, editionID int64) ([]HoldUp, error) {
	out, err := s.Stoppages(ctx)
	if err != nil || len(out) > 0 && out[0].Kind == SendingOff {
		return out, err
	}
	resting, err := s.resting(ctx, editionID)
	if err != nil {
		return nil, fmt.Errorf("what holds up edition %d: %w", editionID, err)
	}
	return append(out, resting...), nil
}

// Stoppages tells what keeps mail to everybody waiting now.
func (s *Service) Stoppages(ctx context.Context) ([]HoldUp, error) {
	if may, err := MaySend(ctx, s.DB); err != nil {
		return nil, err
	} else if !may {
		return []HoldUp{{Kind: SendingOff}}, nil
	}
	relays, err := s.RelayStates(ctx)
	if err != nil {
		return nil, err
	}
	var out []HoldUp
	driven := false
	for _, r := range relays {
		driven = driven || r.Driven
		if r.Driven && r.State == down {
			out = append(out, HoldUp{Kind: RelayDown, Name: r.Name, Words: r.Problem})
		}
	}
	if !driven {
		out = append(out, HoldUp{Kind: NoSender})
	}
	return out, nil
}

func (s *Service) resting(ctx context.Context, editionID int64) ([]HoldUp, error) {
	since := s.Clock.Now().Add(-slowRetry)
	rows, err := s.DB.Query(ctx, sqlLatelyRefused, pgx.StrictNamedArgs{"edition": editionID, "since": since})
	if err != nil {
		return nil, err
	}
	var provider int64
	var stage mailer.Stage
	var text string
	var at time.Time
	latest := map[int64]time.Time{}
	words := map[int64]string{}
	if _, err := pgx.ForEachRow(rows, []any{&provider, &stage, &text, &at}, func() error {
		if mailer.Classify(mailer.ParseReply(stage, text)).Slow && at.After(latest[provider]) {
			latest[provider], words[provider] = at, text
		}
		return nil
	}); err != nil || len(latest) == 0 {
		return nil, err
	}
	ids := slices.Collect(maps.Keys(latest))
	if rows, err = s.DB.Query(ctx, sqlWaitingFor, pgx.StrictNamedArgs{"edition": editionID, "providers": ids}); err != nil {
		return nil, err
	}
	var out []HoldUp
	var domain string
	var n int64
	_, err = pgx.ForEachRow(rows, []any{&provider, &domain, &n}, func() error {
		until := latest[provider].Add(slowRetry)
		out = append(out, HoldUp{Kind: ProviderResting, Name: domain, Words: words[provider], Mails: n, Until: &until})
		return nil
	})
	return out, err
}
