package mailer

// Record is one event of a reader's consent in their own language, as a receipt
// shows it.
type Record struct {
	When    string   `json:"when"`
	What    string   `json:"what"`              // and how
	Changes []string `json:"changes,omitempty"` // what was set
	Wording []string `json:"wording,omitempty"` // what stood beside the button, a line each
	Version string   `json:"version,omitempty"` // of Wording
	Details []string `json:"details,omitempty"` // what else is kept of it
}

// CompileReceipt mails somebody the proof of what they agreed to, as a letter.
// Needs no link of Recipient.
func (r *Renderer) CompileReceipt(c LinkContent, records []Record) (Compiled, error) {
	f := r.frame(c.Newsletter, c.Locale)
	f.Subject, f.Why = f.words("mail.receipt.subject"), f.words("mail.why.receipt")
	v := noticeView{
		frame: f, Kicker: newKicker(f.Site), Heading: f.L.T("mail.receipt.heading"),
		Lines: []string{f.words("mail.receipt.text")}, After: []string{f.words("mail.receipt.leave")},
	}
	for _, rec := range records {
		v.Records = append(v.Records, rec.view(f))
	}
	return r.compileNotice(v, c.Newsletter, c.Date)
}

// view is the record with nothing in it that breaks a line, and the version of
// the words among the details.
func (rec Record) view(f frame) Record {
	clean := func(lines []string) (out []string) {
		for _, line := range lines {
			if line = cleanLine(line); line != "" {
				out = append(out, line)
			}
		}
		return out
	}
	out := Record{
		When: cleanLine(rec.When), What: cleanLine(rec.What), Changes: clean(rec.Changes), Wording: clean(rec.Wording), Details: clean(rec.Details),
	}
	if len(out.Wording) > 0 && rec.Version != "" {
		out.Details = append([]string{f.L.T("consent.version", "version", cleanLine(rec.Version))}, out.Details...)
	}
	return out
}

// record writes an event of a receipt: its moment as a heading, what was said
// indented, what else is kept below.
func (w *plainWriter) record(f frame, rec Record) {
	w.rule()
	w.para(rec.When, "", "")
	w.para(rec.What, "", "")
	for _, c := range rec.Changes {
		w.para(c, "– ", "  ")
	}
	if len(rec.Wording) > 0 {
		w.gap()
		w.para(f.L.T("consent.wording")+":", "", "")
		for _, line := range rec.Wording {
			w.para(line, "    ", "    ")
		}
	}
	if len(rec.Details) > 0 {
		w.gap()
		for _, d := range rec.Details {
			w.para(d, "", "")
		}
	}
}
