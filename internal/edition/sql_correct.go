package edition

import "vistka/internal/suppression"

const (
	// The text that goes out in a correction is that of now, so it is due only
	// where an earlier one was frozen: before the last edit, or at any time if
	// there was none since the first mail, or since the last correction.
	sqlCorrectable = `
WITH piece AS (
    SELECT id, newsletter_id, updated_at
    FROM article
    WHERE id = @article AND seq IS NOT NULL AND withdrawn_at IS NULL),
told AS (
    SELECT count(DISTINCT c.slot) AS corrections, max(c.slot) AS last
    FROM piece
    JOIN edition c ON c.newsletter_id = piece.newsletter_id AND c.kind = 'correction' AND c.article_ids = ARRAY[piece.id])
SELECT piece.newsletter_id, told.corrections,
    CASE WHEN piece.updated_at > coalesce(told.last, (
            SELECT min(b.composed_at)
            FROM edition e
            JOIN edition_body b ON b.edition_id = e.id
            WHERE e.article_ids @> ARRAY[piece.id] AND e.kind <> 'correction'))
        THEN piece.updated_at ELSE 'infinity' END AS edited
FROM piece
CROSS JOIN told`

	// Of a reader who pauses it waits for the end of the pause.
	sqlCorrect = `
WITH had AS (
    SELECT DISTINCT s.subscriber_id, s.locale, s.provider_id, s.paused_until
    FROM edition e
    JOIN edition_body b ON b.edition_id = e.id AND b.composed_at < @edited
    JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.state IN ('sent', 'in doubt', 'sending')
    JOIN subscription s ON s.newsletter_id = e.newsletter_id AND s.subscriber_id = d.subscriber_id AND s.state = 'active'
    WHERE e.article_ids @> ARRAY[@article::bigint]
    AND e.kind <> 'correction'
    AND e.dropped_at IS NULL),
made AS (
    INSERT INTO edition (month, newsletter_id, kind, slot, locale, article_ids, created_at, note)
    SELECT DISTINCT @month::date, @newsletter::bigint, 'correction', @now::timestamptz, had.locale, ARRAY[@article::bigint], @now::timestamptz, @note::text
    FROM had
    RETURNING id, month, newsletter_id, locale),
queued AS (
    INSERT INTO delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state, due_at)
    SELECT made.month, made.id, had.subscriber_id, made.newsletter_id, had.provider_id,
        CASE WHEN had.paused_until > @now THEN 'deferred' ELSE 'queued' END,
        CASE WHEN had.paused_until > @now THEN had.paused_until END
    FROM had
    JOIN made ON made.locale = had.locale
    RETURNING subscriber_id)
SELECT count(*)
FROM queued`

	// Of an edition that was dropped it is not known any more who had it.
	sqlWhyNobody = `
SELECT CASE
    WHEN bool_or(d.subscriber_id IS NOT NULL AND b.composed_at < @edited) THEN 'left'
    WHEN count(d.subscriber_id) = 0 AND NOT coalesce(bool_or(e.dropped_at IS NOT NULL), false) THEN 'none'
    ELSE '' END
FROM edition e
LEFT JOIN edition_body b ON b.edition_id = e.id
LEFT JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.state IN ('sent', 'in doubt', 'sending')
WHERE e.article_ids @> ARRAY[@article::bigint]
AND e.kind <> 'correction'`

	// A correction is owed to nobody: what failed of it is simply queued again.
	sqlRetryCorrection = `
WITH again AS (
    UPDATE delivery d
    SET state = 'queued', due_at = NULL, settled_at = NULL` + triedAgain + `
    AND e.kind = 'correction'
    AND e.state IN ('open', 'settled')
    RETURNING d.edition_id),
opened AS (
    UPDATE edition
    SET state = 'open', reopened_at = @now
    WHERE id IN (SELECT edition_id FROM again))
SELECT count(*)
FROM again`

	// Whoever has not got it and has nothing of it on the way, also those who
	// joined after its release: an editor asked for it. A delivery that failed
	// becomes a cancelled one, which a fan-out may queue again. Counted are those
	// whom the fan-out would mail as things stand: it decides by their topics, and
	// by what they had of the story in another language.
	sqlMailAgain = `
WITH piece AS (
    SELECT a.id, a.newsletter_id, a.seq, a.topics, a.story_id, n.family_id
    FROM article a
    JOIN newsletter n ON n.id = a.newsletter_id
    WHERE a.id = @article AND a.seq IS NOT NULL AND a.withdrawn_at IS NULL),
carrier AS (
    SELECT e.id, e.month
    FROM edition e
    WHERE e.article_ids @> ARRAY[@article::bigint] AND e.kind <> 'correction' AND e.dropped_at IS NULL),
wanting AS (
    SELECT s.newsletter_id, s.subscriber_id
    FROM subscription s
    JOIN subscriber r ON r.id = s.subscriber_id
    JOIN piece ON piece.newsletter_id = s.newsletter_id
    WHERE s.state = 'active'
    AND s.seen_seq >= piece.seq
    AND NOT EXISTS (
        SELECT FROM suppression p
        WHERE p.address_hash = r.address_hash AND ` + suppression.StopsNewsletters + `)
    AND NOT EXISTS (
        SELECT FROM carrier c
        JOIN delivery d ON d.month = c.month AND d.edition_id = c.id
        WHERE d.subscriber_id = s.subscriber_id
        AND d.state IN ('queued', 'deferred', 'sending', 'in doubt', 'sent'))
    AND NOT EXISTS (
        SELECT FROM edition e
        WHERE e.article_ids @> ARRAY[@article::bigint] AND e.dropped_at IS NOT NULL)),
failed AS (
    UPDATE delivery d
    SET state = 'cancelled', tries = 0, reply = 'mailed again later; it had failed: ' || coalesce(d.reply, '')
    FROM carrier c, wanting w
    WHERE d.month = c.month
    AND d.edition_id = c.id
    AND d.subscriber_id = w.subscriber_id
    AND d.state = 'failed'),
owing AS (
    INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
    SELECT newsletter_id, subscriber_id, @article, @now, 'mailed again'
    FROM wanting
    ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING
    RETURNING subscriber_id)
SELECT piece.newsletter_id, (
    SELECT count(*)
    FROM owing
    JOIN subscription s ON s.newsletter_id = piece.newsletter_id AND s.subscriber_id = owing.subscriber_id
    WHERE (s.topics IS NULL OR s.topics && piece.topics)
    AND NOT EXISTS (
        SELECT FROM article o
        JOIN newsletter n ON n.id = o.newsletter_id
        JOIN edition e ON e.article_ids @> ARRAY[o.id] AND e.kind <> 'correction'
        JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
        WHERE o.story_id = piece.story_id
        AND o.id <> piece.id
        AND n.family_id = piece.family_id
        AND d.subscriber_id = owing.subscriber_id
        AND d.state IN ('sending', 'in doubt', 'sent')))
FROM piece`
)
