package edition

import (
	"testing"
	"time"

	"vistka/internal/postgres/pgtest"
)

func TestNextSlot(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, c := range []struct {
		name, cadence, zone string
		hour                int
		after, want         string // RFC 3339
	}{
		{"later today", "daily", "Europe/Kyiv", 8, "2026-11-23T05:59:59Z", "2026-11-23T06:00:00Z"},
		{"strictly after", "daily", "Europe/Kyiv", 8, "2026-11-23T06:00:00Z", "2026-11-24T06:00:00Z"},
		{"local day, not UTC's", "daily", "America/New_York", 22, "2026-11-24T02:30:00Z", "2026-11-24T03:00:00Z"},
		{"Monday", "weekly", "Europe/Kyiv", 8, "2026-11-24T06:00:00Z", "2026-11-30T06:00:00Z"},
		{"this Monday still", "weekly", "Europe/Kyiv", 8, "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"},
		{"Sunday night belongs to the week before", "weekly", "Europe/Kyiv", 0, "2026-11-29T21:00:00Z", "2026-11-29T22:00:00Z"},
		{"the 1st", "monthly", "Europe/Kyiv", 8, "2026-11-23T06:00:00Z", "2026-12-01T06:00:00Z"},
		{"the 1st still", "monthly", "Europe/Kyiv", 8, "2026-12-01T05:59:00Z", "2026-12-01T06:00:00Z"},
		{"over the year's end", "monthly", "UTC", 0, "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
		{"spring gap: the moment after it", "daily", "Europe/Kyiv", 3, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"},
		{"day after the gap", "daily", "Europe/Kyiv", 3, "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"},
		{"autumn repeat: its second passing", "daily", "Europe/Kyiv", 3, "2026-10-24T12:00:00Z", "2026-10-25T01:00:00Z"},
		{"and only that", "daily", "Europe/Kyiv", 3, "2026-10-25T01:00:00Z", "2026-10-26T01:00:00Z"},
		{"between the two passings", "daily", "Europe/Kyiv", 3, "2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"},
		{"gap at midnight", "daily", "America/Havana", 0, "2026-03-07T12:00:00Z", "2026-03-08T05:00:00Z"},
		{"gap that ends the day", "daily", "America/Nuuk", 23, "2026-03-28T12:00:00Z", "2026-03-29T00:00:00Z"},
	} {
		var got time.Time
		if err := pool.QueryRow(t.Context(), `SELECT next_slot($1, $2, $3::int2, $4)`, c.cadence, c.zone, c.hour, moment(t, c.after)).Scan(&got); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if want := moment(t, c.want); !got.Equal(want) {
			t.Errorf("%s: next_slot(%s, %s, %d, %s) = %s, want %s", c.name, c.cadence, c.zone, c.hour, c.after, got.UTC().Format(time.RFC3339), c.want)
		}
	}
	var none *time.Time
	if err := pool.QueryRow(t.Context(), `SELECT next_slot('instant', 'UTC', 8::int2, now())`).Scan(&none); err != nil || none != nil {
		t.Errorf("an instant reader has slot %v, %v", none, err)
	}
}

// Whatever the zone and hour, following the slots through a year visits each
// local day once.
func TestOneSlotALocalDay(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	var zones, wrong int
	err := pool.QueryRow(t.Context(), `
		WITH RECURSIVE walk AS (
			SELECT z.name, h::int2 AS hour, next_slot('daily', z.name, h::int2, '2026-01-01 12:00+00') AS at
			FROM timezone z, unnest(ARRAY[0, 1, 2, 3, 23]) h
			WHERE z.name ~ '^(Europe/Kyiv|America/(New_York|Havana|Nuuk|St_Johns)|Africa/(Cairo|Casablanca)|Australia/Lord_Howe|Asia/(Beirut|Gaza|Kathmandu)|Pacific/(Apia|Chatham)|Antarctica/Troll)$'
			UNION ALL
			SELECT name, hour, next_slot('daily', name, hour, at) FROM walk WHERE at < '2026-12-30 12:00+00'),
		day AS (
			SELECT name, hour, (at AT TIME ZONE name)::date - lag((at AT TIME ZONE name)::date) OVER (PARTITION BY name, hour ORDER BY at) AS step
			FROM walk)
		SELECT count(DISTINCT name), count(*) FILTER (WHERE step <> 1) FROM day`).Scan(&zones, &wrong)
	if err != nil {
		t.Fatal(err)
	}
	if zones < 10 || wrong != 0 {
		t.Errorf("%d zones, %d days missed or doubled", zones, wrong)
	}
}

func moment(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
