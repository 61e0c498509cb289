package hotline

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"filippo.io/age"
	"filippo.io/age/armor"

	"vistka/internal/locale"
)

const maxDeskKeys = 20

// wrongDeskKeys says what is wrong with the desk's keys, as the key of the
// words; empty is well.
func wrongDeskKeys(keys []string) string {
	secret := func(k string) bool { return strings.HasPrefix(strings.ToUpper(k), "AGE-SECRET-KEY-") }
	foreign := func(k string) bool { return !strings.HasPrefix(k, "age1") }
	switch {
	case len(keys) == 0:
		return ""
	case slices.ContainsFunc(keys, secret):
		return keyDeskSecret
	case len(keys) > maxDeskKeys || slices.ContainsFunc(keys, foreign):
		return keyDeskKeys
	}
	recipients, err := parseKeys(keys)
	if err != nil {
		return keyDeskKeys
	}
	if _, err := age.Encrypt(io.Discard, recipients...); err != nil {
		return keyDeskMixed
	}
	return ""
}

// WrongKeys says what is wrong with the desk's keys as they are stored, as the
// key of the words; empty is well. They were right when they were saved, for
// the program of then.
func (s Settings) WrongKeys() string { return wrongDeskKeys(s.DeskKeys) }

// SecretKey says that a secret key was given for a public one: nobody repeats it.
func (e FieldErrors) SecretKey() bool { return e["desk_keys"] == keyDeskSecret }

// parseKeys reads age recipients, X25519 or hybrid post-quantum ones
// (https://age-encryption.org/v1).
func parseKeys(keys []string) ([]age.Recipient, error) {
	return age.ParseRecipients(strings.NewReader(strings.Join(keys, "\n")))
}

// seal makes of text an armored age file that each of keys, which were checked,
// opens by itself.
func seal(text string, keys []string) (string, error) {
	recipients, err := parseKeys(keys)
	if err != nil {
		return "", fmt.Errorf("keys of the desk: %w", err)
	}
	var file strings.Builder
	armored := armor.NewWriter(&file)
	w, err := age.Encrypt(armored, recipients...)
	if err != nil {
		return "", fmt.Errorf("encrypt to the desk: %w", err)
	}
	// What a strings.Builder takes cannot fail.
	_, _ = io.WriteString(w, text)
	if err := w.Close(); err != nil {
		return "", fmt.Errorf("encrypt to the desk: %w", err)
	}
	if err := armored.Close(); err != nil {
		return "", fmt.Errorf("encrypt to the desk: %w", err)
	}
	return file.String(), nil
}

// letter is the request as the desk reads it, in l and by the clock of zone. The
// text of several lines stands last, so that none of them passes for one of ours.
func (r Request) letter(l *locale.Locale, zone *time.Location) string {
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", l.T(key), value)
		}
	}
	fmt.Fprintf(&b, "%s\n", l.T("admin.hotline.request", "reference", r.Reference))
	fmt.Fprintf(&b, "%s, %s\n\n", l.T("admin.hotline.kind."+string(r.Kind)), l.Moment(r.CreatedAt.In(zone)))
	line("hotline.callback.name", r.Name)
	line("hotline.callback.phone", r.Phone)
	line("hotline.callback.best_time", r.BestTime)
	line("hotline.complaint.subject", r.Subject)
	line("admin.hotline.col.contact", r.Contact)
	line("admin.hotline.col.language", l.LanguageName(r.Language))
	if r.Text != "" {
		fmt.Fprintf(&b, "\n%s\n", r.Text)
	}
	return b.String()
}
