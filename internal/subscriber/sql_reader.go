package subscriber

const (
	end = `
UPDATE subscription
SET state = 'ended', ended_at = @now, end_source = @source
WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber AND state = 'active'`

	// In one order, so that two who leave or come back at once never wait for
	// each other.
	activeOf = `
SELECT newsletter_id
FROM subscription
WHERE subscriber_id = @subscriber AND state = 'active'
ORDER BY newsletter_id`

	// Each row holds the moment of the press that ended it; one press ends
	// several only on the reader's own page. Which one is asked about: the one
	// that is named, else the one that ended s.
	pressed = `o.end_source = 'page'
        AND o.ended_at = coalesce(@press::timestamptz, CASE WHEN s.end_source = 'page' THEN s.ended_at END)`

	// Locked, so that what came back and was left anew in this moment is none of it.
	endedTogether = `
SELECT o.newsletter_id
FROM subscription s
JOIN subscription o ON o.subscriber_id = s.subscriber_id
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = @subscriber
  AND (@press::timestamptz IS NULL AND o.newsletter_id = s.newsletter_id
    OR ` + pressed + `)
ORDER BY o.newsletter_id
FOR UPDATE OF o`

	others = `
SELECT count(*) FILTER (WHERE o.state = 'active' AND n.archived_at IS NULL),
       coalesce(array_agg(n.name ORDER BY n.name) FILTER (WHERE ` + pressed + `), '{}'),
       coalesce(bool_or(s.ended_at <> @press::timestamptz) FILTER (WHERE ` + pressed + `), false)
FROM subscription s
JOIN subscription o ON o.subscriber_id = s.subscriber_id AND o.newsletter_id <> s.newsletter_id
JOIN newsletter n ON n.id = o.newsletter_id
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = @subscriber`

	getReader = `
SELECT r.address, s.locale, s.zone, s.state = 'ended', s.ended_at, r.kept_at
FROM subscription s
JOIN subscriber r ON r.id = s.subscriber_id
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = @subscriber`

	lockEnded = `
SELECT ended_at
FROM subscription
WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber
FOR UPDATE`

	// From the newsletter's editions to the deliveries, whose key begins with
	// month and edition: there is no index by reader. An edition older than the
	// deferrals of a mail can have cancelled nothing since. A correction brings
	// its mail alone: the article in it was had.
	oweCancelled = `
INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
SELECT DISTINCT d.newsletter_id, d.subscriber_id, a.id, @now::timestamptz, 'leaving was undone'
FROM edition e
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.subscriber_id = @subscriber
JOIN article a ON a.id = ANY (e.article_ids)
WHERE e.newsletter_id = @newsletter
  AND e.kind <> 'correction'
  AND e.created_at > @since::timestamptz - interval '60 days'
  AND d.state = 'cancelled'
  AND d.settled_at >= @since
  AND a.withdrawn_at IS NULL
ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING`

	// A correction is owed to nobody: its own mail is queued again, for a month
	// after it was written, unless the article was withdrawn or corrected once
	// more since. The month is that of the editions, which then expire. Senders
	// look again at what is open.
	requeueCorrections = `
WITH again AS (
    UPDATE delivery d
    SET state = CASE WHEN s.paused_until > @now THEN 'deferred' ELSE 'queued' END,
        due_at = CASE WHEN s.paused_until > @now THEN s.paused_until END,
        settled_at = NULL,
        reply = NULL
    FROM edition e, subscription s
    WHERE e.newsletter_id = @newsletter
      AND e.kind = 'correction'
      AND e.created_at > @now::timestamptz - interval '1 month'
      AND e.state IN ('open', 'paused', 'settled')
      AND e.dropped_at IS NULL
      AND NOT EXISTS (SELECT FROM article a WHERE a.id = ANY (e.article_ids) AND a.withdrawn_at IS NOT NULL)
      AND NOT EXISTS (
          SELECT FROM edition c
          WHERE c.newsletter_id = e.newsletter_id AND c.kind = 'correction' AND c.article_ids = e.article_ids AND c.slot > e.slot)
      AND d.month = e.month
      AND d.edition_id = e.id
      AND d.subscriber_id = @subscriber
      AND d.state = 'cancelled'
      AND d.settled_at >= @since::timestamptz
      AND s.newsletter_id = e.newsletter_id
      AND s.subscriber_id = d.subscriber_id
    RETURNING e.id, e.state
), opened AS (
    UPDATE edition
    SET state = 'open', reopened_at = @now
    WHERE id IN (SELECT id FROM again WHERE state <> 'paused')
)
SELECT pg_notify('vistka_delivery', '')
FROM again`

	restore = `
UPDATE subscription s
SET state = 'active', ended_at = NULL, end_source = NULL,
    due_at = CASE WHEN cadence = 'instant'
        THEN (SELECT min(greatest(o.due_at, s.paused_until)) FROM owed o
              WHERE o.newsletter_id = s.newsletter_id AND o.subscriber_id = s.subscriber_id)
        ELSE next_slot(cadence, zone, hour, greatest(@now::timestamptz, s.paused_until)) END
WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber AND state = 'ended'`

	getPreferences = `
SELECT s.cadence, s.hour, s.paused_until, s.due_at, s.topics,
    ARRAY(
        SELECT DISTINCT x.language
        FROM newsletter n
        JOIN newsletter x ON x.family_id = n.family_id
        JOIN subscription o ON o.newsletter_id = x.id AND o.subscriber_id = r.id
        WHERE n.id = s.newsletter_id
          AND o.state = 'active'
          AND x.archived_at IS NULL
        ORDER BY x.language),
    r.locale, r.translations
FROM subscription s
JOIN subscriber r ON r.id = s.subscriber_id
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = @subscriber`

	// The subscription before the person, as erasure and a change of address do.
	lockSettings = `
WITH own AS MATERIALIZED (
    SELECT subscriber_id
    FROM subscription
    WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber
    FOR UPDATE)
SELECT r.id
FROM subscriber r
JOIN own ON own.subscriber_id = r.id
FOR NO KEY UPDATE OF r`

	// due_at: the next slot after now and the pause; for an instant reader when
	// the pause ends or something owed falls due.
	savePreferences = `
UPDATE subscription s
SET cadence = @cadence, locale = @locale, zone = @zone, hour = @hour, paused_until = @paused, topics = @topics,
    due_at = CASE WHEN @cadence = 'instant'
        THEN least(@paused::timestamptz, (SELECT min(greatest(o.due_at, @paused::timestamptz)) FROM owed o
              WHERE o.newsletter_id = s.newsletter_id AND o.subscriber_id = s.subscriber_id))
        ELSE next_slot(@cadence, @zone, @hour::smallint, greatest(@now::timestamptz, @paused::timestamptz)) END
WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber AND state = 'active'`

	// $1 is a column. A leading apostrophe makes a spreadsheet show the cell
	// instead of running it; what begins with one gets a second, so that our own
	// import can take exactly one off. They are TAB CR ' + - = @ (rule
	// H1); numbers compare faster than letters under a collation.
	safeCell = `CASE WHEN ascii($1) IN (9, 13, 39, 43, 45, 61, 64) THEN '''' || $1 ELSE $1 END`

	// Moments leave the export as 2026-11-24 09:00:00+00 in every session;
	// formatting them one by one would cost as much as the rest of the row.
	exportSettings = `SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO'`

	exportReaders = `SELECT x.*
FROM (
    SELECT r.address, n.slug AS newsletter,
           CASE WHEN s.state = 'ended' THEN 'ended' WHEN s.paused_until > /*now*/ THEN 'paused' ELSE 'active' END AS status,
           s.cadence, s.locale AS language, s.zone AS timezone, s.hour,
           s.created_at::timestamptz(0) AS subscribed_at,
           s.paused_until::timestamptz(0) AS paused_until,
           s.ended_at::timestamptz(0) AS ended_at,
           s.end_source, p.reason AS suppressed
    FROM subscription s
    JOIN newsletter n ON n.id = s.newsletter_id
    JOIN (SELECT id, address_hash, /*address*/ AS address FROM subscriber) r ON r.id = s.subscriber_id
    LEFT JOIN suppression p ON p.address_hash = r.address_hash
    WHERE true /*only*/ /*status*/) x`

	exportPending = `SELECT x.*
FROM (
    SELECT /*address*/ AS address, n.slug AS newsletter, 'pending' AS status, g.locale AS language,
           g.created_at::timestamptz(0) AS requested_at,
           g.expires_at::timestamptz(0) AS expires_at,
           /*article*/ AS article
    FROM signup g
    JOIN newsletter n ON n.id = g.newsletter_id
    WHERE g.confirmed_at IS NULL
      AND g.expires_at > /*now*/
      AND NOT EXISTS (
          SELECT FROM subscriber r
          JOIN subscription s ON s.subscriber_id = r.id
          WHERE r.address_key = g.address_key AND s.newsletter_id = g.newsletter_id AND s.state = 'active')
      /*only*/) x`
)
