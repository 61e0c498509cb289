package suppression_test

import (
	"context"
	"testing"
	"time"

	"vistka/internal/postgres/pgtest"
	"vistka/internal/suppression"
)

func TestSuppression(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	add := func(hash string, r suppression.Reason, at time.Time) {
		t.Helper()
		if err := suppression.Add(ctx, db, []byte(hash), r, "words", at); err != nil {
			t.Fatal(err)
		}
	}
	want := func(hash string, r suppression.Reason) {
		t.Helper()
		got, err := suppression.Has(ctx, db, []byte(hash))
		if err != nil || got != r {
			t.Errorf("Has(%s) = %q, %v; want %q", hash, got, err, r)
		}
	}
	want("a", "")
	add("a", suppression.Erased, now)
	want("a", suppression.Erased)
	add("a", suppression.SpamReport, now.Add(time.Minute))
	want("a", suppression.SpamReport)
	add("a", suppression.HardBounce, now.Add(2*time.Minute)) // weighs less
	want("a", suppression.SpamReport)
	add("b", suppression.NotMe, now)
	add("c", suppression.NotMe, now)

	if done, err := suppression.Remove(ctx, db, []byte("a"), suppression.Erased); err != nil || done {
		t.Errorf("lifting another reason: %t, %v", done, err)
	}
	if done, err := suppression.Remove(ctx, db, []byte("a")); err != nil || !done {
		t.Errorf("lifting: %t, %v", done, err)
	}
	want("a", "")
}
