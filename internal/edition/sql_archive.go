package edition

const (
	// From the reader's newsletters to their editions to the deliveries, each by
	// its key: a delivery has no index by reader.
	sqlMailedTo = `
SELECT e.id AS edition_id, n.name AS newsletter, n.slug, n.language, n.public_archive AND b.edition_id IS NOT NULL AS archive,
       e.kind, '' AS about, coalesce(d.settled_at, e.created_at) AS at, d.state, e.created_at AS made_at,
       ARRAY(SELECT a.title
             FROM article a
             WHERE a.id = ANY (e.article_ids) AND a.withdrawn_at IS NULL
             ORDER BY a.seq DESC) AS titles
FROM edition e
JOIN newsletter n ON n.id = e.newsletter_id
LEFT JOIN edition_body b ON b.edition_id = e.id
CROSS JOIN LATERAL (
    SELECT state, settled_at
    FROM delivery
    WHERE month = e.month AND edition_id = e.id AND subscriber_id = @subscriber
    OFFSET 0) d
WHERE e.newsletter_id IN (SELECT newsletter_id FROM subscription WHERE subscriber_id = @subscriber)
  AND (@before::bigint = 0 OR e.id < @before::bigint)
ORDER BY e.id DESC
LIMIT @limit`

	// The mails beside editions that belong to a page of those: up to when the
	// first edition after the page before was made, from when its own last one was.
	// What became of a mail to another mailbox is told once that has proved to be
	// the reader's: it would say what we know of the address. Each mail is read by its
	// key, each change's mails by theirs, whatever the planner takes their number for.
	sqlNoticesTo = `
SELECT 0::bigint AS edition_id, coalesce(n.name, '') AS newsletter, coalesce(n.slug, '') AS slug, coalesce(n.language, '') AS language, false AS archive,
       t.kind, coalesce(t.content ->> 'about', '') AS about, coalesce(t.settled_at, t.created_at) AS at, t.state, t.created_at AS made_at, ARRAY[]::text[] AS titles
FROM (
    SELECT id FROM notice WHERE subscriber_id = @subscriber
    UNION
    SELECT x.id
    FROM signup g
    CROSS JOIN LATERAL (SELECT id FROM notice WHERE signup_id = g.id OFFSET 0) x
    WHERE g.subscriber_id = @subscriber
    UNION
    SELECT x.id
    FROM address_change c
    CROSS JOIN LATERAL (
        SELECT id
        FROM notice
        WHERE kind = 'link' AND (content ->> 'change')::bigint = c.id AND (c.state = 'done' OR content ->> 'about' <> 'new address')
        OFFSET 0) x
    WHERE c.subscriber_id = @subscriber) own
CROSS JOIN LATERAL (
    SELECT id, newsletter_id, kind, content, settled_at, created_at, state
    FROM notice
    WHERE id = own.id
    OFFSET 0) t
LEFT JOIN newsletter n ON n.id = t.newsletter_id
WHERE t.kind IN ('confirmation', 'settings', 'welcome', 'link')
  AND t.created_at > @after
  AND t.created_at <= coalesce((SELECT created_at FROM edition WHERE id = @before), 'infinity')
ORDER BY t.created_at DESC, t.id DESC`

	sqlArchive = `
SELECT a.id, a.seq, a.title, a.url, a.summary, a.author, a.topics, a.released_at, a.updated_at,
       coalesce(e.id, 0) AS edition_id, coalesce(c.id, 0) AS correction_id, c.slot AS corrected_at
FROM article a
JOIN newsletter n ON n.id = a.newsletter_id
LEFT JOIN LATERAL (
    SELECT e.id
    FROM edition e
    JOIN edition_body b ON b.edition_id = e.id
    WHERE e.article_ids @> ARRAY[a.id] AND e.newsletter_id = a.newsletter_id AND e.kind <> 'correction'
    ORDER BY e.locale = n.language DESC, cardinality(e.article_ids), e.id
    LIMIT 1) e ON true
LEFT JOIN LATERAL (
    SELECT b.edition_id AS id, c.slot
    FROM edition c
    LEFT JOIN edition_body b ON b.edition_id = c.id
    WHERE c.newsletter_id = a.newsletter_id AND ` + correctionOf + `
    ORDER BY c.slot DESC, b.edition_id IS NULL, c.locale = n.language DESC, c.id
    LIMIT 1) c ON true
WHERE a.newsletter_id = @newsletter
  AND a.seq IS NOT NULL
  AND a.withdrawn_at IS NULL
  AND (@before::bigint = 0 OR a.seq < @before::bigint)
ORDER BY a.seq DESC
LIMIT @limit`

	// A correction of the article a. One that was cancelled counts if a reader has
	// it, or may have it; what became of its mails is found by the key that begins
	// with their month and edition, and in the totals once they were dropped. They are
	// not asked where it is on record that all were taken back.
	correctionOf = `c.kind = 'correction' AND c.article_ids = ARRAY[a.id] AND (
        c.state <> 'cancelled'
        OR NOT c.unsent AND EXISTS (
            SELECT FROM delivery d
            WHERE d.month = c.month AND d.edition_id = c.id AND d.state IN ('sent', 'in doubt')
            OFFSET 0)
        OR EXISTS (SELECT FROM edition_total t WHERE t.edition_id = c.id AND t.state = 'sent'))`

	// Every correction of each article once, whatever the languages it was mailed
	// in. What was composed after a correction has the right text. A correction
	// without a mail yet, all its readers pausing, has no page to lead to.
	sqlCorrected = `
SELECT a.title, coalesce(c.id, 0) AS edition_id, c.slot AS at
FROM edition e
JOIN edition_body own ON own.edition_id = e.id
JOIN article a ON a.id = ANY (e.article_ids) AND a.withdrawn_at IS NULL
CROSS JOIN LATERAL (
    SELECT DISTINCT ON (c.slot) b.edition_id AS id, c.slot
    FROM edition c
    LEFT JOIN edition_body b ON b.edition_id = c.id
    WHERE c.newsletter_id = e.newsletter_id AND ` + correctionOf + ` AND c.slot > own.composed_at
    ORDER BY c.slot DESC, b.edition_id IS NULL, c.locale = e.locale DESC, c.id) c
WHERE e.id = @edition
ORDER BY c.slot DESC, a.seq DESC`
)
