package article

// Feeds.
const (
	sqlFeed = `
SELECT id, url, state, etag, last_modified, polled_at, good_at, failures, entries, poll_interval, moved_to, moved_count
FROM feed
WHERE id = @id`

	sqlFeedLock = sqlFeed + `
FOR UPDATE`

	sqlUnbaselined = `
SELECT EXISTS (SELECT
               FROM newsletter_feed nf
               JOIN newsletter n ON n.id = nf.newsletter_id
               WHERE nf.feed_id = @id
                 AND nf.baseline_at IS NULL
                 AND n.archived_at IS NULL)`

	sqlPairs = `
SELECT nf.newsletter_id, nf.filters, nf.baseline_at, n.grace,
       EXISTS (SELECT FROM newsletter x WHERE x.family_id = n.family_id AND x.id <> n.id) AS siblings,
       (SELECT count(*)
        FROM article a
        WHERE a.newsletter_id = nf.newsletter_id
          AND a.feed_id = nf.feed_id
          AND a.first_seen_at > @since
          AND a.state IN ('waiting', 'released', 'dropped', 'withdrawn'))
       / greatest(1, extract(epoch FROM @now - greatest(nf.baseline_at, @since)) / 86400)::float8 AS per_day
FROM newsletter_feed nf
JOIN newsletter n ON n.id = nf.newsletter_id
WHERE nf.feed_id = @id
  AND n.archived_at IS NULL
ORDER BY n.family_id, nf.newsletter_id`

	// One recording at a time per family: two feeds may show the same piece, or its
	// translation. Each process takes these locks in the order of families.
	sqlLockNewsletter = `
SELECT pg_advisory_xact_lock(hashtextextended('article.record', family_id))
FROM newsletter
WHERE id = @newsletter_id`

	sqlBaselined = `
UPDATE newsletter_feed
SET baseline_at = @now
WHERE feed_id = @id
  AND newsletter_id = @newsletter_id
  AND baseline_at IS NULL`

	sqlFeedGood = `
UPDATE feed
SET title = coalesce(nullif(@title, ''), title),
    site_url = coalesce(nullif(@site_url, ''), site_url),
    etag = @etag,
    last_modified = @last_modified,
    polled_at = @now,
    good_at = @now,
    failures = 0,
    problem = NULL,
    entries = coalesce(@entries, entries),
    poll_interval = coalesce(@poll_interval, poll_interval),
    next_poll_at = @next,
    moved_to = @moved_to,
    moved_count = @moved_count,
    warning = coalesce(@warning::jsonb, warning),
    warning_at = CASE WHEN @warning::jsonb IS NOT NULL THEN @now ELSE warning_at END
WHERE id = @id`

	sqlFeedMove = `
UPDATE feed
SET url = moved_to, moved_to = '', moved_count = 0, etag = '', last_modified = ''
WHERE id = @id
  AND moved_to <> ''
  AND NOT EXISTS (SELECT FROM feed other WHERE other.url = feed.moved_to)`

	sqlFeedBad = `
UPDATE feed
SET polled_at = @now,
    failures = failures + 1,
    problem = @problem,
    next_poll_at = @next,
    state = CASE WHEN @gone THEN 'gone' ELSE state END
WHERE id = @id
  AND polled_at IS NOT DISTINCT FROM @polled_at
RETURNING coalesce(nullif(title, ''), url),
    coalesce((SELECT min(nf.newsletter_id) FROM newsletter_feed nf WHERE nf.feed_id = feed.id), 0)`

	sqlClaimFeeds = `
UPDATE feed
SET next_poll_at = @until
WHERE id IN (SELECT id
             FROM feed
             WHERE state = 'active'
               AND next_poll_at <= @now
               AND EXISTS (SELECT FROM newsletter_feed nf JOIN newsletter n ON n.id = nf.newsletter_id
                           WHERE nf.feed_id = feed.id AND n.archived_at IS NULL)
             ORDER BY next_poll_at
             LIMIT @limit
             FOR UPDATE SKIP LOCKED)
RETURNING id`

	sqlFeedUpsert = `
INSERT INTO feed (url, title, site_url, next_poll_at)
VALUES (@url, @title, @site_url, @now)
ON CONFLICT (url) DO UPDATE
SET state = 'active', next_poll_at = @now
RETURNING id`

	sqlPairInsert = `
INSERT INTO newsletter_feed (newsletter_id, feed_id)
VALUES (@newsletter_id, @feed_id)
ON CONFLICT DO NOTHING`

	sqlPairDelete = `
DELETE FROM newsletter_feed
WHERE newsletter_id = @newsletter_id
  AND feed_id = @feed_id`

	sqlFeedDeleteUnread = `
DELETE FROM feed
WHERE id = @feed_id
  AND NOT EXISTS (SELECT FROM newsletter_feed WHERE feed_id = @feed_id)`

	sqlFilters = `
UPDATE newsletter_feed
SET filters = @filters
WHERE newsletter_id = @newsletter_id
  AND feed_id = @feed_id`

	sqlFeedState = `
UPDATE feed
SET state = @state, next_poll_at = @now, failures = CASE WHEN @state = 'active' THEN 0 ELSE failures END
WHERE id = @id
  AND state = ANY(@from)`

	sqlFeeds = `
SELECT f.id, nf.newsletter_id, f.url, f.title, f.site_url, f.state, f.next_poll_at, f.polled_at, f.good_at, f.failures,
       f.problem, f.warning, f.warning_at, f.entries, f.poll_interval, nf.filters, nf.baseline_at
FROM feed f
JOIN newsletter_feed nf ON nf.feed_id = f.id
WHERE @newsletter_id = 0
   OR nf.newsletter_id = @newsletter_id
ORDER BY nf.newsletter_id, f.id`
)

// Recording.
const (
	sqlKnownKeys = `
SELECT k.kind, k.value, k.article_id
FROM article_key k
JOIN unnest(@kinds::text[], @values::text[]) AS w (kind, value) USING (kind, value)
WHERE k.newsletter_id = @newsletter_id`

	sqlKnownArticles = `
SELECT id, feed_id, url, title, state, first_seen_at, published_at
FROM article
WHERE id = ANY(@ids)`

	sqlInsert = `
WITH story AS (
    INSERT INTO story DEFAULT VALUES
    RETURNING id),
article AS (
    INSERT INTO article (newsletter_id, story_id, feed_id, url, title, summary, content_html, author, image_url, image_alt,
                         topics, published_at, first_seen_at, updated_at, state, reason, due_at)
    SELECT @newsletter_id, story.id, @feed_id, @url, @title, @summary, @content_html, @author, @image_url, @image_alt,
           @topics, @published_at, @now, @now, @state, @reason::jsonb, @due_at
    FROM story
    RETURNING id),
keys AS (
    INSERT INTO article_key (newsletter_id, kind, value, article_id)
    SELECT @newsletter_id, k.kind, k.value, article.id
    FROM article, unnest(@kinds::text[], @values::text[]) AS k (kind, value)
    ON CONFLICT DO NOTHING),
event AS (
    INSERT INTO article_event (article_id, at, state, reason)
    SELECT id, @now, @state, @reason::jsonb
    FROM article)
SELECT id
FROM article`

	// A feed that invents an id or a date on each request must not fill the disk.
	sqlAddKeys = `
INSERT INTO article_key (newsletter_id, kind, value, article_id)
SELECT @newsletter_id, k.kind, k.value, @id
FROM unnest(@kinds::text[], @values::text[]) AS k (kind, value)
WHERE k.kind IN ('address', 'cms')
   OR (SELECT count(*) FROM article_key o WHERE o.article_id = @id AND o.kind = k.kind) < 25
ON CONFLICT DO NOTHING`

	// A remark is made once, however often the feed gives cause for it.
	sqlNote = `
INSERT INTO article_event (article_id, at, state, reason)
SELECT id, @now, state, @reason::jsonb
FROM article
WHERE id = @id
  AND NOT EXISTS (SELECT FROM article_event WHERE article_id = @id AND reason = @reason::jsonb)`

	sqlFeedReadAt = `
UPDATE feed
SET url = @url, moved_to = '', moved_count = 0, etag = '', last_modified = ''
WHERE id = @id`

	// The feed that brought the article may correct it; a second feed of the same
	// newsletter with a shorter text may not.
	sqlEdit = `
WITH edited AS (
    UPDATE article
    SET url = @url, title = @title, summary = @summary, content_html = @content_html, author = @author,
        image_url = @image_url, image_alt = @image_alt, topics = @topics, updated_at = @now
    WHERE id = @id
      AND feed_id = @feed_id
      AND (url, title, summary, content_html, author, image_url, image_alt, topics)
          IS DISTINCT FROM (@url, @title, @summary, @content_html, @author, @image_url, @image_alt, @topics::text[])
    RETURNING id, state),
event AS (
    INSERT INTO article_event (article_id, at, state, reason)
    SELECT id, @now, state, CASE WHEN state = 'released' THEN @after::jsonb ELSE @before::jsonb END
    FROM edited
    WHERE @title <> @old_title)
SELECT id
FROM edited`

	// While it waits for its date and before its page was first asked, a new date counts.
	sqlRedate = `
UPDATE article
SET published_at = @published_at,
    due_at = greatest(first_seen_at + @grace::interval, CASE WHEN @published_at > @now THEN @published_at END)
WHERE id = @id
  AND feed_id = @feed_id
  AND state = 'waiting'
  AND checked_at IS NULL
  AND published_at IS DISTINCT FROM @published_at
  AND (published_at > @now OR @published_at > @now)`
)

// Releasing.
const (
	sqlClaimDue = `
UPDATE article
SET checked_at = @now
WHERE id IN (SELECT a.id
             FROM article a
             JOIN newsletter n ON n.id = a.newsletter_id
             WHERE a.state = 'waiting'
               AND a.due_at <= @now
               AND (@only = 0 OR a.id = @only)
               AND n.archived_at IS NULL
               AND (a.checked_at IS NULL OR a.checked_at < a.due_at OR a.checked_at <= @lease)
             ORDER BY a.due_at, a.id
             LIMIT @limit
             FOR UPDATE OF a SKIP LOCKED)
RETURNING id, newsletter_id, url, due_at, first_seen_at, published_at`

	sqlPostpone = `
WITH postponed AS (
    UPDATE article
    SET state = @state, reason = @reason::jsonb, due_at = @next
    FROM (SELECT id, reason AS old FROM article WHERE id = @id FOR UPDATE) AS was
    WHERE article.id = was.id
      AND state = 'waiting'
      AND due_at = @due_at
    RETURNING article.id, was.old)
INSERT INTO article_event (article_id, at, state, reason)
SELECT id, @now, @state, @reason::jsonb
FROM postponed
WHERE old <> @reason::jsonb`

	// NO KEY: fan-out refers to the row by foreign key while it holds the lock of
	// the family, which a withdrawal takes after this one.
	sqlLock = `
SELECT id, newsletter_id, url, state, coalesce(seq, 0) AS seq, due_at
FROM article
WHERE id = @id
FOR NO KEY UPDATE`

	sqlNextSeq = `
UPDATE newsletter
SET last_seq = last_seq + 1
WHERE id = @newsletter_id
RETURNING last_seq`

	// released_at rises with seq though processes' clocks differ by a hair.
	sqlRelease = `
UPDATE article
SET state = 'released',
    reason = @reason,
    due_at = NULL,
    seq = @seq::bigint,
    released_at = greatest(@now::timestamptz, (SELECT p.released_at
                                  FROM article p
                                  WHERE p.newsletter_id = @newsletter_id
                                    AND p.seq = @seq::bigint - 1))
WHERE id = @id
  AND seq IS NULL`

	sqlSetState = `
UPDATE article
SET state = @state::text,
    reason = @reason,
    due_at = NULL,
    withdrawn_at = CASE WHEN @state::text = 'withdrawn' THEN @now::timestamptz END
WHERE id = @id`

	sqlEvent = `
INSERT INTO article_event (article_id, at, state, reason, account_id)
VALUES (@id, @now, @state, @reason, nullif(@account_id, 0))`

	sqlLead = `
UPDATE article
SET lead = @lead
WHERE id = @id`

	sqlHeld = `
SELECT id
FROM article
WHERE newsletter_id = @newsletter_id
  AND state = 'held'
ORDER BY published_at NULLS LAST, id`

	sqlBaselineHeld = `
WITH settled AS (
    UPDATE article
    SET state = 'baseline', reason = @reason::jsonb, due_at = NULL
    WHERE newsletter_id = @newsletter_id
      AND state = 'held'
    RETURNING id)
INSERT INTO article_event (article_id, at, state, reason, account_id)
SELECT id, @now, 'baseline', @reason::jsonb, nullif(@account_id, 0)
FROM settled`

	sqlNewestOfFeed = `
SELECT ` + rowColumns + `
FROM article
WHERE newsletter_id = @newsletter_id
  AND feed_id = @feed_id
ORDER BY published_at DESC NULLS LAST, id DESC
LIMIT 1`
)

// Reading.
const (
	rowColumns = `id, newsletter_id, feed_id, url, title, summary, author, image_url, topics, published_at, first_seen_at, updated_at,
       state, reason, due_at, seq, released_at, withdrawn_at`

	sqlList = `
SELECT ` + rowColumns + `
FROM article
WHERE (@newsletter_id = 0 OR newsletter_id = @newsletter_id)
  AND (@state = '' OR state = @state)
  AND (@search = '' OR strpos(lower(title), lower(@search)) > 0 OR strpos(lower(url), lower(@search)) > 0)
  AND (first_seen_at, id) < (@before_at, @before_id)
ORDER BY first_seen_at DESC, id DESC
LIMIT @limit`

	sqlGet = `
SELECT id, newsletter_id, story_id, paired_by, lead, feed_id, url, title, summary, content_html, author, image_url, image_alt, topics,
       published_at, first_seen_at, updated_at, state, reason, due_at, checked_at, seq, released_at, withdrawn_at
FROM article
WHERE id = @id`

	sqlByAddress = `
SELECT k.value AS address, a.id, a.title
FROM article_key k
JOIN article a ON a.id = k.article_id
WHERE k.newsletter_id = @newsletter_id AND k.kind = 'address' AND k.value = ANY (@addresses)`

	sqlKeys = `
SELECT kind, value
FROM article_key
WHERE article_id = @id
ORDER BY kind, value`

	sqlEvents = `
SELECT id, at, state, reason, account_id
FROM article_event
WHERE article_id = @id
ORDER BY id`

	sqlCounts = `
SELECT state, count(*) AS n
FROM article
WHERE @newsletter_id = 0
   OR newsletter_id = @newsletter_id
GROUP BY state`
)
