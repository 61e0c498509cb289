package migrations_test

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"vistka/migrations"
)

// firstChecked is the first step that must not read delivery under the lock it
// takes; 0016 does, and has landed (docs/operations.md).
const firstChecked = "0018"

var (
	ofDelivery = regexp.MustCompile(`(?is)ALTER\s+TABLE\s+(IF\s+EXISTS\s+)?(ONLY\s+)?delivery\s[^;]*`)
	adds       = regexp.MustCompile(`(?is)\bADD\s+(CONSTRAINT|CHECK|FOREIGN|UNIQUE|PRIMARY)\b|\bSET\s+NOT\s+NULL\b|\bADD\s+COLUMN\s[^,]*\b(CHECK|REFERENCES|UNIQUE)\b`)
	notValid   = regexp.MustCompile(`(?i)\bNOT\s+VALID\b`)
	validates  = regexp.MustCompile(`(?i)\bVALIDATE\s+CONSTRAINT\b`)
	comment    = regexp.MustCompile(`--[^\n]*`)
)

// locking lists the steps that read all of delivery, which may hold hundreds of
// millions of rows, under a lock that keeps every sender out: a constraint must
// be added as NOT VALID, and validated in a step of its own, whose transaction
// holds no such lock.
func locking(steps fs.FS) (faults []string, err error) {
	names, err := fs.Glob(steps, "*.sql")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name < firstChecked {
			continue
		}
		text, err := fs.ReadFile(steps, name)
		if err != nil {
			return nil, err
		}
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		added, validated := 0, false
		for _, act := range ofDelivery.FindAllString(comment.ReplaceAllString(up, ""), -1) {
			validated = validated || validates.MatchString(act)
			n := len(adds.FindAllString(act, -1))
			if added += n; n > len(notValid.FindAllString(act, -1)) {
				faults = append(faults, name+": a constraint on delivery is not added as NOT VALID")
			}
		}
		if added > 0 && validated {
			faults = append(faults, name+": a constraint on delivery is validated in the step that adds one")
		}
	}
	return faults, nil
}

func TestNoStepReadsDeliveriesUnderItsLock(t *testing.T) {
	t.Parallel()
	faults, err := locking(migrations.FS)
	if err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}

func TestStepsThatLockAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"ALTER TABLE delivery ADD CONSTRAINT c CHECK (tries >= 0);":                                                    1,
		"ALTER TABLE delivery\n    ADD CONSTRAINT a CHECK (true) NOT VALID,\n    ADD CONSTRAINT b CHECK (true);":       1,
		"ALTER TABLE delivery ADD COLUMN n int CHECK (n > 0);":                                                         1,
		"ALTER TABLE delivery ALTER COLUMN reply SET NOT NULL;":                                                        1,
		"ALTER TABLE delivery ADD CONSTRAINT c CHECK (true) NOT VALID; ALTER TABLE delivery VALIDATE CONSTRAINT c;":    1,
		"ALTER TABLE delivery ADD CONSTRAINT c CHECK (tries >= 0) NOT VALID;":                                          0,
		"ALTER TABLE delivery VALIDATE CONSTRAINT c;":                                                                  0,
		"ALTER TABLE delivery ADD COLUMN n int NOT NULL DEFAULT 0;":                                                    0,
		"ALTER TABLE notice ADD CONSTRAINT c CHECK (true);":                                                            0,
		"ALTER TABLE delivery DROP CONSTRAINT c;\n-- +goose Down\nALTER TABLE delivery ADD CONSTRAINT c CHECK (true);": 0,
		"ALTER TABLE delivery -- NOT VALID\n    ADD CONSTRAINT c CHECK (true);":                                        1,
	} {
		steps := fstest.MapFS{
			"0016_before.sql": {Data: []byte("ALTER TABLE delivery ADD CONSTRAINT c CHECK (true);")},
			"0018_step.sql":   {Data: []byte("-- +goose Up\n" + text)},
		}
		if faults, err := locking(steps); err != nil || len(faults) != want {
			t.Errorf("%s\n%v, %v; want %d", text, faults, err, want)
		}
	}
}
