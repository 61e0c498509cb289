package admin

import (
	"errors"
	"net/http"

	"vistka/internal/delivery"
	"vistka/internal/edition"
	"vistka/internal/page"
)

// liveBody is what changes while an edition goes out: the part of its page that
// a script asks for again.
type liveBody struct {
	edition.Progress
	States  []string
	HoldUps []delivery.HoldUp
}

// deliveryStates are the states in the order they are shown, in the bar too.
var deliveryStates = []string{"sent", "failed", "skipped", "cancelled", "in doubt", "sending", "deferred", "queued"}

// gauge is how many parts the progress bar is drawn in.
const gauge = 1000

// segment is a state's part of the progress bar.
type segment struct {
	State    string
	X, Width int64 // of gauge
}

// Segments divide the bar among the states that have mails.
func (b liveBody) Segments() []segment {
	var out []segment
	var done int64
	total := b.Counts.Total()
	for _, state := range b.States {
		n := b.Counts[state]
		if n == 0 {
			continue
		}
		x := done * gauge / total
		done += n
		out = append(out, segment{state, x, done*gauge/total - x})
	}
	return out
}

func (a *admin) live(r *http.Request) (liveBody, error) {
	id, err := pathID(r)
	if err != nil {
		return liveBody{}, err
	}
	b := liveBody{States: deliveryStates}
	b.Progress, err = a.Editions.Progress(r.Context(), id)
	if errors.Is(err, edition.ErrNotFound) {
		return b, page.NotFound(err)
	}
	if err != nil || b.State != "open" || b.Counts.Waiting() == 0 {
		return b, err
	}
	b.HoldUps, err = a.Deliveries.HoldUps(r.Context(), id)
	return b, err
}

func (a *admin) progress(w http.ResponseWriter, r *http.Request) error {
	b, err := a.live(r)
	if err != nil {
		return err
	}
	return a.fragment(w, r, "progress", b)
}
