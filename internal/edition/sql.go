package edition

// Who is eligible for a run. Instant: behind its head. Timed: due at its slot.
const (
	eligible = `
    s.newsletter_id = @newsletter
    AND s.state = 'active'
    AND (s.paused_until IS NULL OR s.paused_until <= @now)`
	eligibleInstant = eligible + `
    AND s.cadence = 'instant'`
	behind = `
    AND s.seen_seq < @head`
	eligibleTimed = eligible + `
    AND s.cadence <> 'instant'
    AND s.due_at = @slot`
)

// Special readers are decided one by one.
const (
	owedAndDue = `EXISTS (
        SELECT FROM owed o
        JOIN article a ON a.id = o.article_id
        WHERE o.newsletter_id = s.newsletter_id
        AND o.subscriber_id = s.subscriber_id
        AND o.due_at <= @now
        AND a.seq <= @head)`
	inSibling = `EXISTS (
        SELECT FROM subscription x
        WHERE x.subscriber_id = s.subscriber_id
        AND x.newsletter_id = ANY (@siblings::bigint[]))`
	plain = `
    AND NOT ` + owedAndDue + `
    AND NOT ` + inSibling
	specialInstant = `
    AND (` + owedAndDue + ` OR (s.seen_seq < @head AND ` + inSibling + `))`
	specialTimed = `
    AND (` + owedAndDue + ` OR ` + inSibling + `)`
)

const (
	sqlNewsletter = `
SELECT n.id, n.family_id, n.language, n.last_seq, coalesce(f.head, 0) AS fanned,
    @now::timestamptz - n.late AS floor, (extract(epoch FROM n.wait) * 1000000)::bigint AS wait,
    n.archived_at IS NOT NULL AS archived,
    ARRAY(SELECT x.id FROM newsletter x WHERE x.family_id = n.family_id AND x.id <> n.id) AS siblings
FROM newsletter n
LEFT JOIN fan_out f ON f.newsletter_id = n.id
WHERE n.id = @newsletter`

	sqlFanned = `
INSERT INTO fan_out (newsletter_id, head)
VALUES (@newsletter, @head)
ON CONFLICT (newsletter_id) DO UPDATE SET head = excluded.head
WHERE fan_out.head < excluded.head`

	sqlReleasedAt = `
SELECT released_at
FROM article
WHERE newsletter_id = @newsletter AND seq = @head`

	// FOR SHARE waits for a release in progress, so that all readers of a
	// slot agree on what it holds.
	sqlLockNewsletter = `
SELECT id
FROM newsletter
WHERE id = @newsletter
FOR SHARE`

	sqlSlotHead = `
SELECT coalesce(max(seq), 0)
FROM article
WHERE newsletter_id = @newsletter AND released_at <= @slot`

	// The newest that readers of this slot have not had, however many each lacks.
	sqlToBeListed = `
SELECT id
FROM article
WHERE newsletter_id = @newsletter
    AND withdrawn_at IS NULL
    AND seq <= @head
    AND seq > (SELECT min(s.seen_seq) FROM subscription s WHERE ` + eligibleTimed + `)
ORDER BY seq DESC
LIMIT @limit`

	sqlSlots = `
SELECT DISTINCT s.due_at
FROM subscription s
WHERE ` + eligible + `
    AND s.cadence <> 'instant'
    AND s.due_at <= @now
ORDER BY s.due_at`

	sqlSkipLate = `
WITH late AS (
    SELECT s.subscriber_id, s.cadence, s.due_at, s.paused_until
    FROM subscription s
    WHERE s.newsletter_id = @newsletter
    AND s.state = 'active'
    AND s.cadence <> 'instant'
    AND s.due_at < @floor
    ORDER BY s.subscriber_id
    LIMIT @page
    FOR UPDATE),
missed AS (
    INSERT INTO missed_slot (newsletter_id, cadence, slot)
    SELECT DISTINCT @newsletter::bigint, cadence, due_at
    FROM late
    WHERE paused_until IS NULL OR paused_until <= due_at
    ON CONFLICT DO NOTHING)
UPDATE subscription s
SET due_at = next_slot(s.cadence, s.zone, s.hour, greatest(s.due_at, @floor))
FROM late
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = late.subscriber_id`

	sqlClasses = `
SELECT s.seen_seq, s.topics::text AS topics, s.topics AS chosen, s.locale, s.cadence, count(*) AS readers
FROM subscription s
WHERE `
	sqlClassesInstant = sqlClasses + eligibleInstant + behind + plain + groupClasses
	sqlClassesTimed   = sqlClasses + eligibleTimed + plain + groupClasses
	groupClasses      = `
GROUP BY s.seen_seq, s.topics, s.locale, s.cadence
ORDER BY s.seen_seq`

	sqlArticles = `
SELECT id, seq, story_id, topics, released_at, withdrawn_at IS NOT NULL AS withdrawn
FROM article
WHERE newsletter_id = @newsletter AND seq > @seen AND seq <= @head
ORDER BY seq`

	sqlOwedArticles = `
SELECT id, seq, story_id, topics, released_at, withdrawn_at IS NOT NULL AS withdrawn
FROM article
WHERE id = ANY (@articles::bigint[]) AND seq IS NOT NULL`

	sqlInsertEdition = `
INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at)
VALUES (@month, @newsletter, @kind, @slot, @locale, @articles, @now)
ON CONFLICT ON CONSTRAINT edition_content_key DO NOTHING`

	// After a correction nobody more is to get the text of before.
	correctedAt = `(
        SELECT max(c.slot)
        FROM edition c
        JOIN edition_body b ON b.edition_id = e.id AND b.composed_at < c.slot
        WHERE c.newsletter_id = e.newsletter_id AND c.kind = 'correction' AND c.article_ids <@ e.article_ids)`

	sqlEditionByContent = `
SELECT e.id, e.month, e.resume_at, greatest(e.dropped_at, ` + correctedAt + `) AS closed_at
FROM edition e
WHERE newsletter_id = @newsletter AND kind = @kind AND slot = @slot
    AND locale = @locale AND article_ids = @articles::bigint[]`

	sqlEnsureMonth = `SELECT ensure_delivery_month(@month)`

	sqlLockFamily = `SELECT pg_advisory_xact_lock(hashtextextended('edition family ' || @family::bigint, 0))`

	sqlWithdrawn = `
SELECT id
FROM article
WHERE newsletter_id = @newsletter AND seq > @seen AND seq <= @head AND withdrawn_at IS NOT NULL
ORDER BY id`

	sqlReopen = `
UPDATE edition
SET state = 'open', reopened_at = @now
WHERE id = ANY (@editions::bigint[])`

	sqlShareEditions = `
SELECT e.id, e.state, e.resume_at, e.dropped_at IS NOT NULL OR ` + correctedAt + ` IS NOT NULL AS closed
FROM edition e
WHERE e.id = ANY (@editions::bigint[])
ORDER BY e.id
FOR SHARE OF e`

	sqlUpTo = `
SELECT s.subscriber_id
FROM subscription s
WHERE `
	orderUpTo = `
    AND s.subscriber_id > @after
ORDER BY s.subscriber_id
OFFSET @page - 1
LIMIT 1`
	sqlUpToInstant = sqlUpTo + eligibleInstant + behind + orderUpTo
	sqlUpToTimed   = sqlUpTo + eligibleTimed + orderUpTo

	// The UPDATE comes first so that its row locks order it with unsubscribe.
	movePage = `
WITH moved AS (
    UPDATE subscription s
    SET seen_seq = greatest(s.seen_seq, @head), due_at = `
	movePageFrom = `
    FROM unnest(@seen::bigint[], @topics::text[], @locales::text[], @cadences::text[], @editions::bigint[], @months::date[])
        AS c (seen_seq, topics, locale, cadence, edition_id, month)
    WHERE s.subscriber_id > @after
    AND s.subscriber_id <= @upto
    AND s.seen_seq = c.seen_seq
    AND s.locale = c.locale
    AND s.cadence = c.cadence
    AND coalesce(s.topics::text, '') = c.topics
    AND `
	movePageInsert = `
    RETURNING s.subscriber_id, s.provider_id, c.edition_id, c.month),
made AS (
    INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state)
    SELECT month, edition_id, subscriber_id, @newsletter, provider_id, 'queued'
    FROM moved
    WHERE edition_id IS NOT NULL
    RETURNING edition_id)
SELECT (SELECT count(*) FROM moved) AS moved, (SELECT count(*) FROM made) AS made`
	nextSlot       = `next_slot(s.cadence, s.zone, s.hour, greatest(@slot::timestamptz, @floor::timestamptz))`
	sqlPageInstant = movePage + `NULL` + movePageFrom + eligibleInstant + behind + plain + movePageInsert
	sqlPageTimed   = movePage + nextSlot + movePageFrom + eligibleTimed + plain + movePageInsert

	sqlNotify = `SELECT pg_notify('vistka_delivery', '')`
)

const (
	sqlSpecial = `
SELECT s.subscriber_id AS id, s.seen_seq AS seen, s.topics IS NULL AS "all", coalesce(s.topics, '{}') AS topics,
    s.locale, s.cadence, s.provider_id
FROM subscription s
WHERE `
	orderSpecial = `
    AND s.subscriber_id > @after
ORDER BY s.subscriber_id
LIMIT @page
FOR UPDATE OF s`
	sqlSpecialInstant = sqlSpecial + eligibleInstant + specialInstant + orderSpecial
	sqlSpecialTimed   = sqlSpecial + eligibleTimed + specialTimed + orderSpecial

	sqlOwed = `
SELECT subscriber_id, article_id
FROM owed
WHERE newsletter_id = @newsletter AND subscriber_id = ANY (@readers::bigint[]) AND due_at <= @now
ORDER BY subscriber_id, article_id
FOR UPDATE`

	// A reader's preferred language is the person's, not a subscription's:
	// both newsletters of a family must agree on it. A sibling whose articles have
	// not been paired with ours is not waited for: nobody would know it came.
	sqlPreferSibling = `
WITH pairing AS MATERIALIZED (
    SELECT DISTINCT t.newsletter_id
    FROM article a
    JOIN article t ON t.story_id = a.story_id
    WHERE a.newsletter_id = @newsletter
    AND a.first_seen_at > @paired_since
    AND t.newsletter_id = ANY (@siblings::bigint[]))
SELECT x.subscriber_id, p.translations
FROM subscription x
JOIN subscriber p ON p.id = x.subscriber_id
JOIN newsletter n ON n.id = x.newsletter_id
WHERE x.newsletter_id = ANY (@siblings::bigint[])
    AND x.subscriber_id = ANY (@readers::bigint[])
    AND x.state = 'active'
    AND (x.paused_until IS NULL OR x.paused_until <= @now)
    AND n.archived_at IS NULL
    AND n.language = p.locale
    AND p.locale <> @language
    AND x.newsletter_id IN (SELECT newsletter_id FROM pairing)`

	// A doubt that will be tried again may still come to nothing.
	sqlStories = `
WITH piece AS (
    SELECT id, story_id
    FROM article
    WHERE story_id = ANY (@stories::bigint[]) AND newsletter_id = ANY (@family::bigint[])),
carrier AS (
    SELECT DISTINCT e.id, e.month, piece.story_id
    FROM piece
    JOIN edition e ON e.article_ids @> ARRAY[piece.id])
SELECT d.subscriber_id, carrier.story_id,
    CASE WHEN d.state = 'in doubt' AND d.due_at IS NOT NULL THEN 'deferred' ELSE d.state END AS state
FROM carrier
JOIN delivery d ON d.month = carrier.month AND d.edition_id = carrier.id
WHERE d.subscriber_id = ANY (@readers::bigint[])
    AND d.state IN ('queued', 'deferred', 'sending', 'in doubt', 'sent')`

	sqlSettleOwed = `
DELETE FROM owed
USING unnest(@readers::bigint[], @articles::bigint[]) AS x (subscriber_id, article_id)
WHERE owed.newsletter_id = @newsletter
    AND owed.subscriber_id = x.subscriber_id
    AND owed.article_id = x.article_id`

	sqlOwe = `
INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
SELECT @newsletter, x.subscriber_id, x.article_id, x.due_at, x.reason
FROM unnest(@readers::bigint[], @articles::bigint[], @dues::timestamptz[], @reasons::text[])
    AS x (subscriber_id, article_id, due_at, reason)
ON CONFLICT (newsletter_id, subscriber_id, article_id) DO UPDATE
SET due_at = excluded.due_at, reason = excluded.reason`

	// A delivery that came to nothing is queued again under the same edition.
	sqlDeliver = `
INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state)
SELECT x.month, x.edition_id, x.subscriber_id, @newsletter, x.provider_id, 'queued'
FROM unnest(@months::date[], @editions::bigint[], @readers::bigint[], @providers::bigint[])
    AS x (month, edition_id, subscriber_id, provider_id)
ON CONFLICT (month, edition_id, subscriber_id) DO UPDATE
SET state = 'queued', doubts = 0, due_at = NULL, settled_at = NULL, reply = NULL
WHERE delivery.state IN ('cancelled', 'skipped', 'failed')`

	sqlMoveSpecial = `
UPDATE subscription s
SET seen_seq = greatest(s.seen_seq, @head),
    due_at = CASE WHEN @timed THEN ` + nextSlot + ` END
WHERE s.newsletter_id = @newsletter AND s.subscriber_id = ANY (@readers::bigint[])`
)
