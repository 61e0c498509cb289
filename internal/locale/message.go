package locale

import "time"

// Message is a sentence before it is put into a language: what is stored of a
// decision or a fault, so that everybody reads it in their own. Keys that were
// stored stay in the files of words, or a migration renames them.
type Message struct {
	Key      string     `json:"key"`
	N        int        `json:"n,omitempty"`        // {{.n}}, which chooses the plural form
	Of       int        `json:"of,omitempty"`       // {{.of}}: of how many
	Name     string     `json:"name,omitempty"`     // {{.name}}: a title, an address, a person's own words
	Language string     `json:"language,omitempty"` // a code; {{.name}} is what the language is called in the reader's
	Date     *time.Time `json:"date,omitempty"`     // {{.date}}, the day in full
	Cause    *Message   `json:"cause,omitempty"`    // {{.cause}}: another sentence, or a part of one
}

// Say puts m into the language. What has no words becomes a key in brackets, as with T.
func (l *Locale) Say(m Message) string {
	args := []any{"name", m.Name, "of", l.Number(m.Of)}
	if m.Language != "" {
		args[1] = l.LanguageName(m.Language)
	}
	if m.Date != nil {
		args = append(args, "date", l.Date(*m.Date))
	}
	if m.Cause != nil {
		args = append(args, "cause", l.Say(*m.Cause))
	}
	if known := l.messages[m.Key]; known != nil && len(known.forms) > 1 {
		return l.N(m.Key, m.N, args...)
	}
	return l.T(m.Key, append(args, "n", l.Number(m.N))...)
}
