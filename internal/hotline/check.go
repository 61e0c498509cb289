package hotline

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is taken, in characters. The text of a complaint is two
// printed pages: longer things are better told to a person.
const (
	maxLine = 200
	MaxText = 5000
)

// Keys of the words that FieldErrors carries.
const (
	keyPhoneEmpty   = "hotline.error.phone_empty"
	keyPhone        = "hotline.error.phone"
	keyPhoneLetters = "hotline.error.phone_letters"
	keyPhoneShort   = "hotline.error.phone_short"
	keyPhoneLong    = "hotline.error.phone_long"
	keyDeskPhone    = "hotline.error.desk_phone"
	keySubjectEmpty = "hotline.error.subject_empty"
	keyTextEmpty    = "hotline.error.text_empty"
	keyTextLong     = "hotline.error.text_long"
	keyNoteLong     = "hotline.error.note_long"
	keyLong         = "hotline.error.long"
	keyDesk         = "hotline.error.desk"
	keyDeskKeys     = "hotline.error.desk_keys"
	keyDeskSecret   = "hotline.error.desk_secret"
	keyDeskMixed    = "hotline.error.desk_mixed"
	keyKeep         = "hotline.error.keep"
	keyWordsLong    = "hotline.error.words_long"
	keyNoteEmpty    = "hotline.error.note_empty"
)

// ErrorKeys lists every key that FieldErrors may carry, for the test that they have words.
func ErrorKeys() []string {
	return []string{
		keyPhoneEmpty, keyPhone, keyPhoneLetters, keyPhoneShort, keyPhoneLong, keyDeskPhone, keySubjectEmpty, keyTextEmpty, keyTextLong, keyLong, keyDesk, keyDeskKeys, keyDeskSecret, keyDeskMixed,
		keyKeep, keyWordsLong, keyNoteEmpty, keyNoteLong,
	}
}

// tidy cuts what people paste along and empties the fields of the other kind.
// What no column takes is replaced, not refused: a message must not be lost to
// a stray character.
func (r Request) tidy() Request {
	for _, s := range []*string{&r.Name, &r.Phone, &r.BestTime, &r.Subject, &r.Contact} {
		*s = oneLine(*s)
	}
	r.Phone = tidyPhone(r.Phone)
	r.Text = paragraphs(r.Text)
	if r.Kind == Complaint {
		r.Name, r.Phone, r.BestTime = "", "", ""
	} else {
		r.Subject, r.Text, r.Contact = "", "", ""
	}
	return r
}

// legible is s without control characters other than line breaks and tabs, in
// valid UTF-8.
func legible(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n"))
}

// oneLine is legible text with single spaces alone.
func oneLine(s string) string { return strings.Join(strings.Fields(legible(s)), " ") }

// paragraphs is legible text of several lines without space around it.
func paragraphs(s string) string { return strings.TrimSpace(legible(s)) }

// Check says what is wrong with a request that a person filled in; nil is well.
func (r Request) Check() FieldErrors {
	r = r.tidy()
	errs := FieldErrors{}
	fail := func(bad bool, field, key string) {
		if bad && errs[field] == "" {
			errs[field] = key
		}
	}
	if r.Kind == Complaint {
		fail(r.Subject == "", "subject", keySubjectEmpty)
		fail(r.Text == "", "text", keyTextEmpty)
		fail(utf8.RuneCountInString(r.Text) > MaxText, "text", keyTextLong)
	} else {
		fail(r.Phone == "", "phone", keyPhoneEmpty)
		wrong := wrongPhone(r.Phone, minDigits)
		fail(wrong != "", "phone", wrong)
	}
	for field, value := range map[string]string{"name": r.Name, "phone": r.Phone, "best_time": r.BestTime, "subject": r.Subject, "contact": r.Contact} {
		fail(utf8.RuneCountInString(value) > maxLine, field, keyLong)
	}
	if len(errs) == 0 {
		return nil
	}
	return errs
}
