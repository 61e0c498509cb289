package edition

import "vistka/internal/suppression"

const (
	columns = `e.id, e.month, e.newsletter_id, e.kind, e.slot, e.locale, e.article_ids, e.state, e.reason, e.resume_at, e.created_at, e.dropped_at`

	sqlGet = `
SELECT ` + columns + `
FROM edition e
WHERE e.id = @edition`

	sqlList = `
SELECT ` + columns + `
FROM edition e
WHERE (@newsletter::bigint = 0 OR e.newsletter_id = @newsletter)
    AND (@state = '' OR e.state = @state)
    AND (@before::bigint = 0 OR e.id < @before)
ORDER BY e.id DESC
LIMIT @limit`

	sqlCounts = `
SELECT d.edition_id, d.state, count(*)
FROM edition e
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
WHERE e.id = ANY (@editions::bigint[]) AND e.dropped_at IS NULL
GROUP BY d.edition_id, d.state
UNION ALL
SELECT edition_id, state, deliveries
FROM edition_total
WHERE edition_id = ANY (@editions::bigint[])`

	sqlPace = `
SELECT count(*) FILTER (WHERE d.state IN ('sent', 'failed') AND d.settled_at > @since),
    min(d.settled_at) FILTER (WHERE d.state IN ('sent', 'failed') AND d.settled_at > @since),
    min(d.due_at) FILTER (WHERE d.state = 'deferred')
FROM edition e
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
WHERE e.id = @edition`

	sqlPause = `
UPDATE edition
SET state = 'paused', reason = @reason
WHERE id = @edition AND state IN ('open', 'settled')`

	sqlResume = `
UPDATE edition
SET state = 'open', reason = NULL
WHERE id = @edition AND state = 'paused'`

	sqlLockFamilyOfEdition = `
SELECT pg_advisory_xact_lock(hashtextextended('edition family ' || n.family_id, 0))
FROM edition e
JOIN newsletter n ON n.id = e.newsletter_id
WHERE e.id = @edition`

	sqlLockFamilyOfArticle = `
SELECT pg_advisory_xact_lock(hashtextextended('edition family ' || n.family_id, 0))
FROM article a
JOIN newsletter n ON n.id = a.newsletter_id
WHERE a.id = @article`

	// The new slot lies after the old one, so that it names another edition.
	sqlStop = `
UPDATE edition e
SET state = 'cancelled', reason = @reason,
    resume_at = greatest(@until::timestamptz, @now::timestamptz, e.slot + interval '1 second')
WHERE e.id = @edition AND e.state IN ('open', 'paused', 'settled')`

	// An edition that is settled in all but name is not stale.
	stale = `
    AND greatest(e.slot, e.created_at, e.reopened_at) < @now::timestamptz - greatest(@age::interval,
        CASE e.kind WHEN 'weekly' THEN interval '7 days' WHEN 'monthly' THEN interval '1 month' WHEN 'correction' THEN ` + correctionAge + ` END)
    AND EXISTS (
        SELECT FROM delivery d
        WHERE d.month = e.month
        AND d.edition_id = e.id
        AND ` + notOnTheWire + `)`

	sqlStale = `
SELECT e.id
FROM edition e
WHERE e.state = 'open'` + stale + `
ORDER BY e.id`

	sqlExpire = `
UPDATE edition e
SET state = 'expired', reason = @reason,
    resume_at = greatest(e.slot + interval '1 second',
        CASE e.kind WHEN 'instant' THEN next_slot('daily', n.timezone, n.hour, @now::timestamptz) ELSE @now::timestamptz END)
FROM newsletter n
WHERE e.id = @edition AND n.id = e.newsletter_id AND e.state = @from` + stale

	// What a relay may have accepted already is neither cancelled nor owed: it
	// stays in doubt, without another try, and a person decides.
	takeBack = `state = CASE WHEN d.doubts > 0 THEN 'in doubt' ELSE 'cancelled' END,
        due_at = NULL,
        settled_at = CASE WHEN d.doubts = 0 THEN @now::timestamptz END,
        reply = CASE WHEN d.doubts > 0 THEN d.reply END`
	notOnTheWire = `(d.state IN ('queued', 'deferred') OR (d.state = 'in doubt' AND d.due_at IS NOT NULL))`

	// A mark cannot say "all but this one": what is un-mailed is owed in the
	// same statement.
	sqlCancelDeliveries = `
WITH gone AS (
    UPDATE delivery d
    SET ` + takeBack + `
    FROM edition e
    WHERE e.id = @edition
    AND d.month = e.month
    AND d.edition_id = e.id
    AND ` + notOnTheWire + `
    RETURNING d.newsletter_id, d.subscriber_id, d.doubts, e.kind, e.article_ids, e.resume_at, e.state),
put_off AS (
    INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
    SELECT g.newsletter_id, g.subscriber_id, a.id, g.resume_at, 'the edition was ' || g.state
    FROM gone g
    CROSS JOIN LATERAL unnest(g.article_ids) AS x (id)
    JOIN article a ON a.id = x.id AND a.withdrawn_at IS NULL
    WHERE g.doubts = 0
    AND g.kind <> 'correction'
    ON CONFLICT (newsletter_id, subscriber_id, article_id) DO UPDATE
    SET due_at = greatest(owed.due_at, excluded.due_at))
SELECT count(*) FROM gone WHERE doubts = 0`

	// Asked by a statement of its own, which sees what a driver took meanwhile: whatever
	// is in another state then may have been sent, or be sent yet.
	sqlUnsent = `
UPDATE edition e
SET unsent = true
WHERE e.article_ids = coalesce((SELECT article_ids FROM edition WHERE id = @edition), ARRAY[@article::bigint])
AND e.kind = 'correction'
AND e.state = 'cancelled'
AND e.dropped_at IS NULL
AND NOT e.unsent
AND NOT EXISTS (
    SELECT FROM delivery d
    WHERE d.month = e.month AND d.edition_id = e.id AND d.state NOT IN ('cancelled', 'skipped')
    OFFSET 0)`

	// What was on the wire when its edition was stopped: refused for the time
	// being, or its answer lost.
	sqlStopped = `
SELECT DISTINCT d.edition_id
FROM delivery d
JOIN edition e ON e.id = d.edition_id AND e.state IN ('cancelled', 'expired')
WHERE d.due_at IS NOT NULL AND d.state IN ('deferred', 'in doubt')`

	sqlWithdraw = `
UPDATE article
SET withdrawn_at = @now, state = 'withdrawn'
WHERE id = @article AND seq IS NOT NULL AND withdrawn_at IS NULL`

	// The edition stops as a whole: its frozen text is not what readers are to get,
	// and what comes back from the wire must not go out again with it. After a
	// correction that is so where there is a text, and the article itself is owed.
	// Digest readers get what is left of theirs at once: their due_at moves back
	// to the slot, unless that is too late already.
	sqlTakeBackDeliveries = `
WITH hit AS (
    UPDATE edition e
    SET state = 'cancelled',
        reason = jsonb_build_object('key', CASE WHEN @corrected THEN 'edition.reason.corrected' ELSE 'edition.reason.withdrawn' END),
        resume_at = greatest(@now::timestamptz, e.slot + interval '1 second')
    WHERE e.article_ids @> ARRAY[@article::bigint]
    AND e.state IN ('open', 'paused')
    AND (NOT @corrected OR EXISTS (SELECT FROM edition_body b WHERE b.edition_id = e.id))
    RETURNING e.id, e.month, e.kind, e.slot, e.article_ids),
gone AS (
    UPDATE delivery d
    SET ` + takeBack + `
    FROM hit
    WHERE d.month = hit.month
    AND d.edition_id = hit.id
    AND ` + notOnTheWire + `
    RETURNING d.newsletter_id, d.subscriber_id, d.doubts, hit.article_ids, hit.kind, hit.slot),
put_off AS (
    INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
    SELECT DISTINCT ON (g.newsletter_id, g.subscriber_id, a.id) g.newsletter_id, g.subscriber_id, a.id, @now::timestamptz,
        CASE WHEN @corrected THEN 'an article in it was corrected' ELSE 'an article beside it was withdrawn' END
    FROM gone g
    CROSS JOIN LATERAL unnest(g.article_ids) AS x (id)
    JOIN article a ON a.id = x.id AND a.withdrawn_at IS NULL
    WHERE (@corrected OR a.id <> @article) AND g.doubts = 0 AND g.kind <> 'correction'
    ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING
    RETURNING newsletter_id, subscriber_id),
back AS (
    UPDATE subscription s
    SET due_at = g.slot
    FROM gone g
    JOIN newsletter n ON n.id = g.newsletter_id
    WHERE s.newsletter_id = g.newsletter_id
    AND s.subscriber_id = g.subscriber_id
    AND s.cadence = g.kind
    AND s.state = 'active'
    AND s.due_at > g.slot
    AND g.slot >= @now::timestamptz - n.late
    AND g.doubts = 0
    AND (@corrected OR cardinality(g.article_ids) > 1))
SELECT count(*) FROM gone WHERE doubts = 0`

	// What failed of an edition goes again to those who still want it. What the
	// relay said stays readable, and the attempts stay as they are.
	triedAgain = `, tries = 0, reply = 'tried again later; it had failed: ' || coalesce(d.reply, '')
    FROM edition e, subscription s, subscriber r
    WHERE e.id = @edition
    AND e.dropped_at IS NULL
    AND d.month = e.month
    AND d.edition_id = e.id
    AND d.state = 'failed'
    AND s.newsletter_id = e.newsletter_id
    AND s.subscriber_id = d.subscriber_id
    AND s.state = 'active'
    AND r.id = d.subscriber_id
    AND NOT EXISTS (
        SELECT FROM suppression p
        WHERE p.address_hash = r.address_hash AND ` + suppression.StopsNewsletters + `)`

	// The failed delivery becomes a cancelled one, which a fan-out may queue again.
	sqlRetry = `
WITH ed AS (
    SELECT newsletter_id, article_ids
    FROM edition
    WHERE id = @edition),
again AS (
    UPDATE delivery d
    SET state = 'cancelled'` + triedAgain + `
    AND e.kind <> 'correction'
    RETURNING d.subscriber_id),
due AS (
    UPDATE subscription s
    SET due_at = least(s.due_at, @now)
    FROM again, ed
    WHERE s.newsletter_id = ed.newsletter_id
    AND s.subscriber_id = again.subscriber_id
    AND s.cadence = 'instant'),
owing AS (
    INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
    SELECT ed.newsletter_id, again.subscriber_id, a.id, @now, 'retry of the failed'
    FROM again, ed
    JOIN article a ON a.id = ANY (ed.article_ids)
    WHERE a.withdrawn_at IS NULL
    ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING)
SELECT (SELECT count(*) FROM again), newsletter_id
FROM ed`

	sqlReleaseAgain = `
UPDATE article
SET withdrawn_at = NULL, state = 'released'
WHERE id = @article AND withdrawn_at IS NOT NULL AND seq IS NOT NULL`

	// Owed to those who were there at its release and got nothing alive of it,
	// those included who may still undo their leaving. Where deliveries were
	// dropped nobody knows any more who had it, so it is owed to nobody.
	// Whoever is still below it has it ahead anyway.
	sqlOweAgain = `
INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
SELECT s.newsletter_id, s.subscriber_id, a.id, @now::timestamptz, @reason
FROM article a
JOIN subscription s ON s.newsletter_id = a.newsletter_id
WHERE a.id = @article
    AND a.withdrawn_at IS NULL
    AND (s.state = 'active' OR s.ended_at > @now::timestamptz - interval '30 days')
    AND s.seen_seq >= a.seq
    AND s.created_at <= a.released_at
    AND NOT EXISTS (
        SELECT FROM edition e
        JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
        WHERE e.article_ids @> ARRAY[a.id]
        AND d.subscriber_id = s.subscriber_id
        AND d.state IN ('queued', 'deferred', 'sending', 'in doubt', 'sent'))
    AND NOT EXISTS (
        SELECT FROM edition e
        WHERE e.article_ids @> ARRAY[a.id] AND e.dropped_at IS NOT NULL)
ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING`

	sqlMissingSlots = `
UPDATE subscription
SET due_at = next_slot(cadence, zone, hour, @now)
WHERE state = 'active' AND cadence <> 'instant' AND due_at IS NULL`

	sqlWithWork = `
SELECT n.id
FROM newsletter n
LEFT JOIN fan_out f ON f.newsletter_id = n.id
WHERE n.archived_at IS NULL
    AND (n.last_seq > coalesce(f.head, 0)
    OR EXISTS (
        SELECT FROM subscription s
        WHERE s.newsletter_id = n.id
        AND s.state = 'active'
        AND s.cadence <> 'instant'
        AND s.due_at <= @now
        AND (s.paused_until IS NULL OR s.paused_until <= @now))
    OR EXISTS (
        SELECT FROM subscription s
        WHERE s.newsletter_id = n.id
        AND s.state = 'active'
        AND s.cadence = 'instant'
        AND s.seen_seq < n.last_seq
        AND (s.paused_until IS NULL OR s.paused_until <= @now))
    OR EXISTS (
        SELECT FROM owed o
        JOIN subscription s ON s.newsletter_id = o.newsletter_id AND s.subscriber_id = o.subscriber_id
        WHERE o.newsletter_id = n.id
        AND o.due_at <= @now
        AND s.state = 'active'
        AND s.cadence = 'instant'
        AND (s.paused_until IS NULL OR s.paused_until <= @now)))
ORDER BY n.id`

	sqlLastSeq = `
SELECT last_seq
FROM newsletter
WHERE id = @newsletter`

	// A missed slot of this cadence that lies a whole time before this one, with
	// something in this one from before it: those readers had it.
	missedBefore = `EXISTS (
        SELECT
        FROM missed_slot m
        WHERE m.newsletter_id = e.newsletter_id
        AND m.cadence = e.kind
        AND m.slot > (SELECT min(a.released_at) FROM article a WHERE a.id = ANY (e.article_ids))
        AND m.slot <= e.slot - CASE e.kind WHEN 'daily' THEN interval '23 hours' WHEN 'weekly' THEN interval '167 hours' ELSE interval '27 days' END)`

	sqlContent = `
SELECT e.id, e.newsletter_id, e.kind, e.slot, e.locale, e.article_ids, e.note, ` + missedBefore + ` AS missed, b.edition_id IS NOT NULL AS composed, b.composed_at, n.timezone,
    n.public_archive, n.slug, n.name, n.language, n.from_name, n.from_address, n.reply_to, n.postal_address, n.site_url, n.privacy_url,
    n.logo_url, n.accent
FROM edition e
JOIN newsletter n ON n.id = e.newsletter_id
LEFT JOIN edition_body b ON b.edition_id = e.id
WHERE e.id = @edition`

	sqlContentArticles = `
SELECT title, url, summary, content_html, author, image_url, image_alt, published_at, topics
FROM article
WHERE id = ANY (@articles::bigint[]) AND withdrawn_at IS NULL
ORDER BY lead DESC, seq DESC`

	// The first as sqlContentArticles has it; where all were withdrawn, the one that was.
	sqlHeadlines = `
SELECT e.id, a.title, cardinality(e.article_ids) - 1 AS more
FROM edition e
CROSS JOIN LATERAL (
    SELECT title
    FROM article
    WHERE id = ANY (e.article_ids)
    ORDER BY withdrawn_at IS NOT NULL, seq DESC
    LIMIT 1) a
WHERE e.id = ANY (@editions::bigint[])`

	sqlInsertBody = `
INSERT INTO edition_body (edition_id, key_id, composed_at, from_address, base_url, segments)
VALUES (@edition, @key, @now, @from, @base, @segments)
ON CONFLICT (edition_id) DO NOTHING`
)
