package newsletter

import (
	"context"
	"time"

	"vistka/internal/postgres"
)

// Zone is where those who run the newsletters live: the zone of the first one.
// Accounts have none of their own, so every time that is shown to them is in this
// one. UTC before there is a newsletter.
func Zone(ctx context.Context, db postgres.DB) (*time.Location, error) {
	list, err := List(ctx, db)
	if err != nil || len(list) == 0 {
		return time.UTC, err
	}
	if zone, err := time.LoadLocation(list[0].Timezone); err == nil {
		return zone, nil
	}
	return time.UTC, nil
}
