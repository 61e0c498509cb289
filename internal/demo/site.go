// Package demo is the example news site of `vistka demo`: a little bilingual
// newsroom with pages, an RSS feed, a sign-up box under each article and a
// button that publishes the next one. It is a stranger to Vistka: it has the
// sign-up form that the admin pages give it and knows the address of the ping,
// nothing else.
package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"sync"
	"time"
)

// Languages of the site, the first being that of its front page.
var languages = []string{"uk", "en"}

// story is a piece in both languages.
type story struct {
	slug     string
	versions map[string]version
}

type version struct {
	topic, title, lead string
	paragraphs         []string
}

// published is a story and when it went out. Round counts how often the
// prepared stories were used up: a later round gets addresses of its own.
type published struct {
	Slug  string    `json:"slug"`
	Round int       `json:"round"`
	At    time.Time `json:"at"`
}

// Site holds what was published, newest first, in a file that outlives the process.
type Site struct {
	mu   sync.Mutex
	file string
	out  []published
}

// Open reads the site from file, or begins it with the first stories.
func Open(file string, now time.Time) (*Site, error) {
	s := &Site{file: file}
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		for i, st := range stories[:opening] {
			age := time.Duration(opening-i) * 20 * time.Hour
			s.out = append([]published{{Slug: st.slug, At: now.Add(-age).Truncate(time.Minute)}}, s.out...)
		}
		return s, s.save()
	}
	if err != nil {
		return nil, fmt.Errorf("open demo site: %w", err)
	}
	if err := json.Unmarshal(raw, &s.out); err != nil {
		return nil, fmt.Errorf("open demo site %s: %w: remove the file to begin again", file, err)
	}
	return s, nil
}

// Publish puts the next story on the site and returns it.
func (s *Site) Publish(now time.Time) (Article, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.out)
	p := published{Slug: stories[n%len(stories)].slug, Round: n / len(stories), At: now.Truncate(time.Second)}
	s.out = append([]published{p}, s.out...)
	if err := s.save(); err != nil {
		s.out = s.out[1:]
		return Article{}, err
	}
	return p.article(languages[0]), nil
}

// Articles lists what is out in a language, newest first.
func (s *Site) Articles(lang string) []Article {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Article, len(s.out))
	for i, p := range s.out {
		out[i] = p.article(lang)
	}
	return out
}

func (s *Site) find(lang, slug string) (Article, bool) {
	all := s.Articles(lang)
	i := slices.IndexFunc(all, func(a Article) bool { return a.Slug == slug })
	if i < 0 {
		return Article{}, false
	}
	return all[i], true
}

func (s *Site) save() error {
	raw, err := json.MarshalIndent(s.out, "", "\t")
	if err != nil {
		return fmt.Errorf("save demo site: %w", err)
	}
	if err := os.WriteFile(s.file+".part", raw, 0o600); err != nil {
		return fmt.Errorf("save demo site: %w", err)
	}
	if err := os.Rename(s.file+".part", s.file); err != nil {
		return fmt.Errorf("save demo site: %w", err)
	}
	return nil
}

// Article is a published story in one language.
type Article struct {
	Slug, Lang, Topic, Title, Lead string
	Paragraphs                     []string
	At                             time.Time
}

// Path is the article's address below the site's.
func (a Article) Path() string { return "/" + a.Lang + "/" + a.Slug }

func (p published) article(lang string) Article {
	st := stories[slices.IndexFunc(stories, func(s story) bool { return s.slug == p.Slug })]
	v := st.versions[lang]
	a := Article{Slug: p.Slug, Lang: lang, Topic: v.topic, Title: v.title, Lead: v.lead, Paragraphs: v.paragraphs, At: p.At}
	if p.Round > 0 {
		a.Slug = fmt.Sprintf("%s-%d", p.Slug, p.Round+1)
		a.Title = fmt.Sprintf("%s (%d)", a.Title, p.Round+1)
	}
	return a
}
