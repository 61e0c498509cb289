package newsletter

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/language"

	"vistka/internal/emailaddr"
)

// FieldErrors says what is wrong with what was filled in: form field to the
// key of the words. It is an error.
type FieldErrors map[string]string

// ThanksField begins the names of the fields with the words of thanks, which
// end in the code of their language.
const ThanksField = "thanks_"

// Error names the fields for a log or a command line.
func (e FieldErrors) Error() string {
	parts := make([]string, 0, len(e))
	for _, field := range slices.Sorted(maps.Keys(e)) {
		parts = append(parts, field+": "+e[field])
	}
	return "newsletter: " + strings.Join(parts, ", ")
}

// Keys of the words that FieldErrors carries.
const (
	keySlug      = "newsletter.error.slug"
	keySlugTaken = "newsletter.error.slug_taken"
	keyFamily    = "newsletter.error.family"
	keyRequired  = "newsletter.error.required"
	keyTooLong   = "newsletter.error.too_long"
	keyTextLong  = "newsletter.error.text_long"
	keyThanks    = "newsletter.error.thanks_long"
	keyUnseen    = "newsletter.error.unseen"
	keySender    = "newsletter.error.sender_marks"
	keyAddress   = "newsletter.error.address"
	keyLatin     = "newsletter.error.latin"
	keyLanguage  = "newsletter.error.language"
	keyURL       = "newsletter.error.url"
	keyURLLong   = "newsletter.error.url_long"
	keyURLMarks  = "newsletter.error.url_marks"
	keyLogo      = "newsletter.error.logo"
	keyOrigin    = "newsletter.error.origin"
	keyAccent    = "newsletter.error.accent"
	keyCadence   = "newsletter.error.cadence"
	keyTimezone  = "newsletter.error.timezone"
	keyHour      = "newsletter.error.hour"
	keyMinutes   = "newsletter.error.minutes"
	keyHours     = "newsletter.error.hours"
	keyPostal    = "newsletter.error.postal_address"
)

// ErrorKeys lists every key that FieldErrors may carry, for the test that they have words.
func ErrorKeys() []string {
	return []string{
		keySlug, keySlugTaken, keyFamily, keyRequired, keyTooLong, keyTextLong, keyThanks, keyUnseen, keySender, keyAddress, keyLatin, keyLanguage,
		keyURL, keyURLLong, keyURLMarks, keyLogo, keyOrigin, keyAccent, keyCadence, keyTimezone, keyHour, keyMinutes, keyHours, keyPostal,
	}
}

const (
	maxName   = 200                 // characters; a From line stays on two lines of a header
	maxText   = 2000                // characters of description and postal address, octets of a web address
	maxThanks = 120                 // characters: they are a heading
	maxSpan   = 30 * 24 * time.Hour // a longer grace, lateness or wait is a slip of the keyboard
)

var (
	slugForm   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	accentForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)
)

// CheckPostalAddress demands a postal address before mail leaves the machine
// (CAN-SPAM, rule C17): while every relay is on loopback, nothing
// does. Returns nil when all is well.
func (n Newsletter) CheckPostalAddress(relayOnLoopback bool) FieldErrors {
	if relayOnLoopback || strings.TrimSpace(n.PostalAddress) != "" {
		return nil
	}
	return FieldErrors{"postal_address": keyPostal}
}

// tidy takes off what people paste along and puts origins into the one form
// that a browser sends.
func (n Newsletter) tidy() Newsletter {
	for _, s := range []*string{
		&n.Slug, &n.Name, &n.Description, &n.Language, &n.FromName, &n.FromAddress, &n.ReplyTo, &n.PostalAddress,
		&n.SiteURL, &n.PrivacyURL, &n.LogoURL, &n.Accent, &n.Timezone,
	} {
		*s = strings.TrimSpace(*s)
	}
	n.Accent = strings.ToLower(n.Accent)
	origins := make([]string, 0, len(n.Origins))
	for _, o := range n.Origins {
		if o = strings.TrimSpace(o); o == "" {
			continue
		}
		if canonical, ok := canonicalOrigin(strings.TrimSuffix(o, "/")); ok {
			o = canonical
		}
		if !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	n.Origins = origins
	if n.Thanks == nil {
		n.Thanks = map[string]string{}
	}
	return n
}

func (n Newsletter) check() FieldErrors {
	errs := FieldErrors{}
	fail := func(ok bool, field, key string) {
		if !ok && errs[field] == "" {
			errs[field] = key
		}
	}
	fail(slugForm.MatchString(n.Slug), "slug", keySlug)
	fail(n.Name != "", "name", keyRequired)
	fail(n.FromName != "", "from_name", keyRequired)
	fail(n.FromAddress != "", "from_address", keyRequired)
	for field, value := range map[string]string{"from_address": n.FromAddress, "reply_to": n.ReplyTo} {
		address, err := emailaddr.Parse(value)
		fail(value == "" || err == nil, field, keyAddress)
		// A relay without SMTPUTF8 (RFC 6531) would refuse every mail.
		fail(!address.NeedsSMTPUTF8(), field, keyLatin)
	}
	tag, err := language.Parse(n.Language)
	fail(err == nil && tag.String() == n.Language, "language", keyLanguage)
	for field, value := range map[string]string{"site_url": n.SiteURL, "privacy_url": n.PrivacyURL, "logo_url": n.LogoURL} {
		fail(len(value) <= maxText, field, keyURLLong)
		fail(value == "" || validURL(value), field, keyURL)
		fail(!strings.ContainsAny(value, urlMarks) && !hasUnseen(value, ""), field, keyURLMarks)
	}
	// Pages name the logo's server in their policy, where another host cannot stand
	// (CSP Level 3 section 2.3.1): the logo would be in mails alone.
	fail(n.LogoURL == "" || PictureOrigin(n.LogoURL) != "", "logo_url", keyLogo)
	for _, o := range n.Origins {
		canonical, ok := canonicalOrigin(o)
		fail(ok && canonical == o, "origins", keyOrigin)
	}
	fail(accentForm.MatchString(n.Accent), "accent", keyAccent)
	fail(slices.Contains(Cadences(), n.DefaultCadence), "default_cadence", keyCadence)
	fail(n.Hour >= 0 && n.Hour <= 23, "hour", keyHour)
	isSpan := func(d time.Duration) bool { return d >= 0 && d <= maxSpan }
	fail(isSpan(n.Grace), "grace", keyMinutes)
	fail(isSpan(n.Late), "late", keyHours)
	fail(isSpan(n.Wait), "wait", keyHours)
	for field, value := range map[string]string{"name": n.Name, "from_name": n.FromName} {
		fail(len([]rune(value)) <= maxName, field, keyTooLong)
		fail(!hasUnseen(value, ""), field, keyUnseen)
	}
	// A name that looks like an address hides who the sender is (rule A17).
	fail(!strings.ContainsAny(n.FromName, "<>@"), "from_name", keySender)
	for field, value := range map[string]string{"description": n.Description, "postal_address": n.PostalAddress} {
		fail(len([]rune(value)) <= maxText, field, keyTextLong)
		fail(!hasUnseen(value, "\r\n\t"), field, keyUnseen)
	}
	for code, words := range n.Thanks {
		fail(len([]rune(words)) <= maxThanks, ThanksField+code, keyThanks)
		fail(!hasUnseen(words, ""), ThanksField+code, keyUnseen)
	}
	return errs
}

func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Hostname() != "" && u.User == nil
}

// urlMarks stand in no web address (RFC 3986): url.Parse lets them into a host.
const urlMarks = " \"<>\\^`{|}"

// hasUnseen finds what nobody types on purpose: controls, and marks that set the
// direction of text (UAX 9) or take no room. They make a name look like another one, or
// turn round what stands beside it.
func hasUnseen(s, allowed string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		unseen := unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || strings.ContainsRune("\u200b\u2028\u2029\ufeff", r)
		return unseen && !strings.ContainsRune(allowed, r)
	})
}
