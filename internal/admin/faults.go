package admin

import (
	"maps"
	"slices"

	"vistka/internal/locale"
)

// fault is what is wrong with one field of a form.
type fault struct {
	Field string
	Label string // of the field, in words
	Words string
}

// labelled is a field and the key of its label; args are for the label's slots.
type labelled struct {
	field, label string
	args         []any
}

// labels are the labels of fields that need no more than a key each: pairs of field and key.
func labels(pairs ...string) []labelled {
	var out []labelled
	for pair := range slices.Chunk(pairs, 2) {
		out = append(out, labelled{field: pair[0], label: pair[1]})
	}
	return out
}

// faults says what is wrong with the fields of a form, from field to key, as they
// stand in it. What the form has no field for comes last, under its own name.
func faults(l *locale.Locale, wrong map[string]string, form []labelled) []fault {
	var out []fault
	rest := maps.Clone(wrong)
	for _, f := range form {
		if key := rest[f.field]; key != "" {
			out = append(out, fault{f.field, l.T(f.label, f.args...), l.T(key)})
			delete(rest, f.field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(rest)) {
		out = append(out, fault{field, field, l.T(rest[field])})
	}
	return out
}

// The titles of pages that have something to be mended begin with that.

func (f newsletterForm) ToMend() bool     { return len(f.Faults) > 0 }
func (f hotlineForm) ToMend() bool        { return len(f.Faults) > 0 }
func (b setupBody) ToMend() bool          { return len(b.Faults) > 0 }
func (b loginBody) ToMend() bool          { return b.Error != "" }
func (b feedsBody) ToMend() bool          { return b.Error != "" }
func (b filtersBody) ToMend() bool        { return b.Error != "" }
func (b articleBody) ToMend() bool        { return b.Error != "" }
func (b hotlineRequestBody) ToMend() bool { return b.Error != "" }
func (b exportBody) ToMend() bool         { return b.Error != "" }
func (b hotlineExportBody) ToMend() bool  { return b.Error != "" }
