package article

// Translations.
const (
	// The lock of recording, before any row's: what is recorded or released in the
	// family meanwhile could be the other half of a pair.
	sqlLockRecording = `
SELECT pg_advisory_xact_lock(hashtextextended('article.record', n.family_id))
FROM article a
JOIN newsletter n ON n.id = a.newsletter_id
WHERE a.id = @id`

	sqlAlternates = `
INSERT INTO article_alternate (article_id, address, language)
SELECT @id, l.address, l.language
FROM unnest(@addresses::text[], @languages::text[]) AS l (address, language)
ON CONFLICT (article_id, address) DO UPDATE
SET language = excluded.language`

	// Only what has no seq yet joins a story by itself: no fan-out has looked at it.
	// The site's own word first, in either direction; then an id or an address that
	// two feeds share, where a short id counts only on one site; then the same
	// picture, if no other article has it, at the same time.
	sqlPairNew = `
WITH mine AS (
    SELECT a.id, a.newsletter_id, a.url, a.image_url, a.published_at, n.family_id
    FROM article a
    JOIN newsletter n ON n.id = a.newsletter_id
    WHERE a.id = @id
      AND a.seq IS NULL
      AND a.paired_by = ''),
sibling AS (
    SELECT x.id
    FROM newsletter x
    JOIN mine ON mine.family_id = x.family_id AND mine.newsletter_id <> x.id),
found AS (
    SELECT k.article_id AS id, 'hreflang' AS how, 1 AS rank
    FROM article_alternate l
    JOIN article_key k ON k.kind = 'address' AND k.value = l.address
    WHERE l.article_id = @id
      AND k.newsletter_id IN (SELECT id FROM sibling)
    UNION ALL
    SELECT l.article_id, 'hreflang', 2
    FROM article_key k
    JOIN article_alternate l ON l.address = k.value
    WHERE k.article_id = @id
      AND k.kind = 'address'
    UNION ALL
    SELECT o.article_id, 'feed', 3
    FROM mine
    JOIN article_key k ON k.article_id = mine.id AND k.kind IN ('guid', 'cms', 'address')
    JOIN article_key o ON o.kind = k.kind AND o.value = k.value AND o.newsletter_id IN (SELECT id FROM sibling)
    JOIN article b ON b.id = o.article_id
    WHERE k.kind <> 'guid'
       OR strpos(k.value, ':') > 0
       OR substring(lower(b.url) FROM '^https?://(?:www\.)?([^/?#]+)') = substring(lower(mine.url) FROM '^https?://(?:www\.)?([^/?#]+)')
    UNION ALL
    SELECT b.id, 'feed', 4
    FROM mine
    JOIN article b ON b.newsletter_id IN (SELECT id FROM sibling)
                  AND b.image_url = mine.image_url
                  AND b.published_at BETWEEN mine.published_at - @near::interval AND mine.published_at + @near::interval
    WHERE mine.image_url <> ''
      AND NOT EXISTS (
          SELECT
          FROM article o
          WHERE o.newsletter_id IN (mine.newsletter_id, b.newsletter_id)
            AND o.id NOT IN (mine.id, b.id)
            AND o.image_url = mine.image_url)),
best AS (
    SELECT b.id, b.story_id, b.title, found.how
    FROM found
    JOIN article b ON b.id = found.id AND b.newsletter_id IN (SELECT id FROM sibling)
    WHERE b.paired_by <> 'apart'
      AND EXISTS (SELECT FROM mine)
      AND NOT EXISTS (
          SELECT
          FROM article o
          WHERE o.story_id = b.story_id
            AND o.newsletter_id = (SELECT newsletter_id FROM mine))
    ORDER BY found.rank, b.id DESC
    LIMIT 1)
UPDATE article a
SET story_id = best.story_id, paired_by = best.how
FROM best
WHERE a.id = @id
  AND NOT EXISTS (SELECT FROM article o WHERE o.story_id = a.story_id AND o.id <> a.id)
RETURNING best.id, best.title, best.how`

	// Both rows, in the order of id, so that two people who pair the same two do not wait for each other.
	sqlLockPair = `
SELECT a.id, a.newsletter_id, n.family_id, a.story_id, a.title,
       (SELECT count(*) FROM article o WHERE o.story_id = a.story_id) AS versions,
       a.seq IS NOT NULL AS released
FROM article a
JOIN newsletter n ON n.id = a.newsletter_id
WHERE a.id = ANY(@ids::bigint[])
ORDER BY a.id
FOR NO KEY UPDATE OF a`

	sqlStory = `
UPDATE article
SET story_id = @story, paired_by = @how
WHERE id = @id
  AND NOT EXISTS (
      SELECT
      FROM article o
      WHERE o.story_id = @story
        AND o.newsletter_id = article.newsletter_id
        AND o.id <> @id)`

	sqlRemark = `
INSERT INTO article_event (article_id, at, state, reason, account_id)
SELECT id, @now, state, @reason, nullif(@account_id, 0)
FROM article
WHERE id = @id`

	sqlSaidBefore = `
SELECT EXISTS (
    SELECT FROM article_event
    WHERE article_id = @id AND at > @since AND reason = @reason AND account_id IS NOT DISTINCT FROM nullif(@account_id, 0))`

	sqlNewStory = `
INSERT INTO story DEFAULT VALUES
RETURNING id`

	sqlTranslations = `
SELECT ` + rowColumns + `
FROM article
WHERE story_id = (SELECT story_id FROM article WHERE id = @id)
  AND id <> @id
ORDER BY newsletter_id`

	// Those of about the same time whose story this newsletter has no article of.
	sqlPairable = `
WITH mine AS (
    SELECT a.story_id, a.newsletter_id, a.first_seen_at, n.family_id
    FROM article a
    JOIN newsletter n ON n.id = a.newsletter_id
    WHERE a.id = @id)
SELECT ` + rowColumns + `
FROM article
WHERE newsletter_id IN (
      SELECT x.id
      FROM newsletter x
      JOIN mine ON mine.family_id = x.family_id AND mine.newsletter_id <> x.id)
  AND newsletter_id NOT IN (SELECT o.newsletter_id FROM article o JOIN mine ON mine.story_id = o.story_id)
  AND first_seen_at BETWEEN (SELECT first_seen_at FROM mine) - @around::interval AND (SELECT first_seen_at FROM mine) + @around::interval
  AND NOT EXISTS (
      SELECT
      FROM article o
      JOIN mine ON mine.newsletter_id = o.newsletter_id
      WHERE o.story_id = article.story_id)
ORDER BY abs(extract(epoch FROM first_seen_at - (SELECT first_seen_at FROM mine))), id
LIMIT @limit`
)
