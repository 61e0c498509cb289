package mailer

import "time"

// Newsletter is what a mail shows of its newsletter, and whom it is from.
type Newsletter struct {
	Name, Slug    string
	Language      string // of its articles; the words around them follow the reader's locale
	FromName      string
	FromAddress   string
	ReplyTo       string // an address, or empty
	PostalAddress string
	SiteURL       string
	PrivacyURL    string
	LogoURL       string
	Accent        string // #rrggbb; empty or wrong: the default deep blue
}

// Article is one article as it appears in a mail.
type Article struct {
	Title       string
	URL         string
	Summary     string // plain text; tags, if any, are taken off
	ContentHTML string // optional; its first paragraphs are shown when it goes out alone
	Author      string
	ImageURL    string
	ImageAlt    string
	ImageWidth  int // pixels; 0 when unknown
	ImageHeight int
	PublishedAt time.Time // zero when unknown
	Topics      []string
}

// Kinds of editions.
const (
	Instant = "instant"
	Daily   = "daily"
	Weekly  = "weekly"
	Monthly = "monthly"

	Correction = "correction" // of an article that was mailed with a mistake
)

// EditionContent is the mail of one set of articles in one locale.
type EditionContent struct {
	ID         int64 // of the edition, for Feedback-ID; 0 leaves the header out
	Newsletter Newsletter
	Locale     string
	Kind       string    // Instant, Daily, Weekly, Monthly or Correction
	Articles   []Article // the lead first
	Note       string    // of a correction: what was wrong, in the editor's words
	Missed     bool      // an earlier digest did not go out; its articles are in this one
	Date       time.Time // the Date header and the date shown; its location is the zone shown
	ListID     string    // label.domain; empty: slug and the domain of the sender
	More       int       // articles of the edition beyond those listed
	BrowserURL string    // its public page, the same for every reader; empty: it has none
	ArchiveURL string    // of all editions, for List-Archive (RFC 2369 section 3.6); empty leaves the header out
}

// ConfirmationContent is the second half of double opt-in. Nothing in it may
// have been typed by the visitor.
type ConfirmationContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	ConfirmURL string
	NotMeURL   string
	Code       string    // 6 digits; empty leaves the passage out
	AskedAt    time.Time // when the form was sent
	PageURL    string    // where; only its host is shown
	ExpiresAt  time.Time
}

// SettingsContent answers a sign-up of someone who is on the list already.
// Its links are the reader's own: Recipient.PreferencesURL and UnsubscribeURL.
type SettingsContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	Cadence    string
	PausedTo   time.Time // the first day with mail again; zero: no pause
	AskedAt    time.Time
}

// WelcomeContent greets a new subscriber. Its links are the reader's own.
type WelcomeContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	Cadence    string
	Latest     []Article // at most three are shown
}

// LinkContent carries a fresh link for what reveals or cannot be undone.
type LinkContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	URL        string
	NotMeURL   string    // of the mail to a new address
	AskedAt    time.Time // of mails about a change of address
	ExpiresAt  time.Time
}

// TestContent is "mail me a test". Without articles it says that the relay works.
type TestContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	Kind       string
	Articles   []Article
}

// AlertContent tells the people who run the service that something is wrong.
// Title and Text are words for a person in the locale; Detail is shown as it is.
type AlertContent struct {
	Newsletter Newsletter // whose sender and look are used
	Locale     string
	Date       time.Time
	Title      string
	Text       string // paragraphs divided by an empty line
	Detail     string // the words of a relay or a feed
	URL        string // the admin page that helps; empty: Home
	Grace      bool   // nothing is wrong: an article goes out soon, and URL holds it
}

// DeskContent tells the hotline's desk of a new request: without its text, or
// with it encrypted.
type DeskContent struct {
	Newsletter Newsletter
	Locale     string
	Date       time.Time
	Kind       string // callback, complaint
	Reference  string
	Busy       bool   // so many came lately that soon no more mails tell of them
	Sealed     string // what the request says, as an armored age file of 7-bit lines; empty leaves it out
	Unsealed   bool   // left out because it could not be encrypted
	URL        string
}
