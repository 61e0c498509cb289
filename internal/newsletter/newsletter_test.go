package newsletter_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"vistka/internal/newsletter"
	"vistka/internal/postgres/pgtest"
)

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func valid(slug string) newsletter.Newsletter {
	n := newsletter.New()
	n.Slug, n.Name, n.FromName, n.FromAddress = slug, "News", "The newsroom", "news@example.org"
	return n
}

func TestAddUpdateArchive(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	n := valid("news")
	n.Name = "  News "
	n.Origins = []string{"HTTPS://Example.org:443/", "", "https://example.org", "http://новини.укр"}
	n.Thanks = map[string]string{"uk": "Дякуємо"}
	n.Grace = 90 * time.Second
	added, err := newsletter.Add(ctx, db, n, "", now)
	if err != nil {
		t.Fatal(err)
	}
	if added.Name != "News" || !slices.Equal(added.Origins, []string{"https://example.org", "http://xn--b1amarcd.xn--j1amh"}) ||
		added.Grace != 90*time.Second || added.Thanks["uk"] != "Дякуємо" || !added.CreatedAt.Equal(now) {
		t.Errorf("stored: %+v", added)
	}
	got, err := newsletter.BySlug(ctx, db, "news")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(added, got); diff != "" {
		t.Error(diff)
	}

	sibling, err := newsletter.Add(ctx, db, valid("novyny"), "news", now)
	if err != nil || sibling.FamilyID != added.FamilyID {
		t.Errorf("a translation's family: %d, %v; want %d", sibling.FamilyID, err, added.FamilyID)
	}
	other, err := newsletter.Add(ctx, db, valid("other"), "", now)
	if err != nil || other.FamilyID == added.FamilyID {
		t.Errorf("a family of its own: %d, %v", other.FamilyID, err)
	}

	other.Slug, other.Timezone = "another", "Europe/Kiev_"
	wantField(t, func() error { _, err := newsletter.Update(ctx, db, other); return err }, "timezone")
	other.Timezone, other.Hour = "Europe/Kyiv", 7
	if saved, err := newsletter.Update(ctx, db, other); err != nil || saved.Timezone != "Europe/Kyiv" || saved.Hour != 7 || saved.Slug != "other" {
		t.Errorf("update: %+v, %v", saved, err)
	}
	wantField(t, func() error { _, err := newsletter.Add(ctx, db, valid("x"), "nothing", now); return err }, "family")

	for _, at := range []time.Time{now, now.Add(time.Hour)} {
		if err := newsletter.Archive(ctx, db, other.ID, at); err != nil {
			t.Fatal(err)
		}
	}
	all, err := newsletter.List(ctx, db)
	if err != nil || len(all) != 3 || all[2].ID != other.ID || !all[2].ArchivedAt.Equal(now) {
		t.Errorf("list: %+v, %v", all, err)
	}
	if _, err := newsletter.Get(ctx, db, 99); !errors.Is(err, newsletter.ErrNotFound) {
		t.Errorf("Get(99): %v", err)
	}
	if err := newsletter.Archive(ctx, db, 99, now); !errors.Is(err, newsletter.ErrNotFound) {
		t.Errorf("Archive(99): %v", err)
	}
	missing := valid("missing")
	missing.ID = 99
	if _, err := newsletter.Update(ctx, db, missing); !errors.Is(err, newsletter.ErrNotFound) {
		t.Errorf("Update(99): %v", err)
	}
}

func wantField(t *testing.T, act func() error, field string) {
	t.Helper()
	var errs newsletter.FieldErrors
	if err := act(); !errors.As(err, &errs) || errs[field] == "" || !slices.Contains(newsletter.ErrorKeys(), errs[field]) {
		t.Errorf("no error for the field %s: %v", field, err)
	}
}

// A sender that only a relay with SMTPUTF8 takes is refused, in words of its
// own; a domain in other letters has an ASCII form and is fine.
func TestSenderIsInLatinLetters(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	n := valid("news")
	n.FromAddress, n.ReplyTo = "редакція@example.org", "пошта@example.org"
	_, err := newsletter.Add(ctx, db, n, "", now)
	want := newsletter.FieldErrors{"from_address": "newsletter.error.latin", "reply_to": "newsletter.error.latin"}
	var errs newsletter.FieldErrors
	if !errors.As(err, &errs) || !maps.Equal(errs, want) {
		t.Errorf("errors %v, want %v", err, want)
	}
	n.FromAddress, n.ReplyTo = "news@новини.укр", ""
	if _, err := newsletter.Add(ctx, db, n, "", now); err != nil {
		t.Errorf("a domain in other letters: %v", err)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	for field, breakIt := range map[string]func(*newsletter.Newsletter){
		"slug":            func(n *newsletter.Newsletter) { n.Slug = "Новини" },
		"name":            func(n *newsletter.Newsletter) { n.Name = "  " },
		"from_name":       func(n *newsletter.Newsletter) { n.FromName = "a\r\nBcc: b@example.org" },
		"from_address":    func(n *newsletter.Newsletter) { n.FromAddress = "News <news@example.org>" },
		"reply_to":        func(n *newsletter.Newsletter) { n.ReplyTo = "x" },
		"language":        func(n *newsletter.Newsletter) { n.Language = "Ukrainian" },
		"site_url":        func(n *newsletter.Newsletter) { n.SiteURL = "javascript:alert(1)" },
		"logo_url":        func(n *newsletter.Newsletter) { n.LogoURL = "https://a:b@example.org/x.png" },
		"origins":         func(n *newsletter.Newsletter) { n.Origins = []string{"https://example.org/path"} },
		"accent":          func(n *newsletter.Newsletter) { n.Accent = "red" },
		"default_cadence": func(n *newsletter.Newsletter) { n.DefaultCadence = "hourly" },
		"timezone":        func(n *newsletter.Newsletter) { n.Timezone = "" },
		"hour":            func(n *newsletter.Newsletter) { n.Hour = 24 },
		"grace":           func(n *newsletter.Newsletter) { n.Grace = -time.Second },
	} {
		n := valid("news")
		breakIt(&n)
		_, err := newsletter.Add(ctx, db, n, "", now)
		var errs newsletter.FieldErrors
		if !errors.As(err, &errs) || len(errs) != 1 || errs[field] == "" {
			t.Errorf("%s: errors %v (fields %v)", field, err, slices.Sorted(maps.Keys(errs)))
		}
	}
	n := valid("news")
	if n.CheckPostalAddress(true) != nil || n.CheckPostalAddress(false) == nil {
		t.Error("the postal address is demanded before the wrong relay")
	}
	n.PostalAddress = "1 Example Street"
	if n.CheckPostalAddress(false) != nil {
		t.Error("the postal address is there and still demanded")
	}
}

// All is told at once: also what only the database knows.
func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	stored, err := newsletter.Add(ctx, db, valid("news"), "", now)
	if err != nil {
		t.Fatal(err)
	}
	bad := valid("news")
	bad.Name, bad.Hour, bad.Timezone = "", 99, "Kyiv"
	want := newsletter.FieldErrors{"name": "newsletter.error.required", "hour": "newsletter.error.hour", "timezone": "newsletter.error.timezone"}
	bad.ID = stored.ID
	_, err = newsletter.Update(ctx, db, bad)
	wantErrors(t, err, want)
	bad.ID = 0
	want["slug"], want["family"] = "newsletter.error.slug_taken", "newsletter.error.family"
	_, err = newsletter.Add(ctx, db, bad, "nothing", now)
	wantErrors(t, err, want)
}

// A sender's name is no address (rule A17): some mail programs show the name alone.
func TestSenderHasNoAddressInTheName(t *testing.T) {
	t.Parallel()
	ctx, db := context.Background(), pgtest.New(t)
	for _, name := range []string{`News "x" <evil@example.com>`, "news@example.org", "<News", "News>"} {
		n := valid("news")
		n.FromName = name
		_, err := newsletter.Add(ctx, db, n, "", now)
		wantErrors(t, err, newsletter.FieldErrors{"from_name": "newsletter.error.sender_marks"})
	}
}

func wantErrors(t *testing.T, err error, want newsletter.FieldErrors) {
	t.Helper()
	var errs newsletter.FieldErrors
	if !errors.As(err, &errs) || !maps.Equal(errs, want) {
		t.Errorf("errors %v, want %v", err, want)
	}
}

func TestOriginAllowed(t *testing.T) {
	t.Parallel()
	n := newsletter.Newsletter{Origins: []string{"https://example.org", "http://127.0.0.1:8081", "http://[::1]:80a", "https://xn--b1amarcd.xn--j1amh"}}
	for origin, want := range map[string]bool{
		"https://example.org": true, "https://EXAMPLE.org": true, "https://example.org:443": true, "http://127.0.0.1:8081": true,
		"https://новини.укр": true, "http://example.org": false, "https://example.org:8443": false, "https://example.org.evil.example": false,
		"https://evil.example/https://example.org": false, "https://example.org@evil.example": false, "null": false, "": false,
		"https://example.org/": false, "https://example.org:": false, "https://www.example.org": false,
	} {
		if got := n.OriginAllowed(origin); got != want {
			t.Errorf("OriginAllowed(%q) = %t", origin, got)
		}
	}
	for address, want := range map[string]bool{
		"https://example.org/a?b#c": true, "http://127.0.0.1:8081": true, "https://example.org\\@evil.example/": false,
		"https://example.org@evil.example/": false, "//example.org/a": false, "/a": false, "javascript:alert(1)": false,
		"https://example.org/\r\nx": false, " https://example.org/": false, "https:example.org": false, "https:///example.org": false,
	} {
		if got := n.ReturnAllowed(address); got != want {
			t.Errorf("ReturnAllowed(%q) = %t", address, got)
		}
	}
}
