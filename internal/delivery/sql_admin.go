package delivery

const sqlBacklog = `
WITH waiting AS (
    SELECT e.id, e.created_at, d.state, d.due_at
    FROM edition e
    JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
    WHERE e.state IN ('open', 'paused')
      AND d.state IN ('queued', 'deferred', 'in doubt')
), pending AS (
    SELECT created_at
    FROM notice
    WHERE state IN ('queued', 'deferred')
)
SELECT (SELECT count(*) FROM pending) AS notices,
       (SELECT count(*) FROM waiting WHERE state = 'queued') AS queued,
       (SELECT count(*) FROM waiting WHERE state = 'deferred') AS deferred,
       (SELECT count(*) FROM delivery WHERE doubts > 0 AND state = 'in doubt' AND due_at IS NOT NULL)
       + (SELECT count(*) FROM notice WHERE state = 'in doubt' AND settled_at IS NULL) AS doubtful,
       (SELECT count(*) FROM delivery WHERE doubts > 0 AND state = 'in doubt' AND due_at IS NULL)
       + (SELECT count(*) FROM notice WHERE state = 'in doubt' AND settled_at IS NOT NULL) AS held,
       (SELECT count(*) FROM notice WHERE state = 'failed' AND settled_at > @since) AS failed,
       least((SELECT min(created_at) FROM waiting WHERE state = 'queued'), (SELECT min(created_at) FROM pending)) AS oldest`

const sqlRelayStates = `
SELECT name, lease_until > now() AS driven, holder, state, day IS NOT NULL AS tried, problem, problem_at
FROM relay
WHERE name = ANY(@names::text[])
   OR cardinality(@names::text[]) = 0
ORDER BY id`

// A provider rests for all editions, whichever met the reply; those that are
// not going out are of no interest, and their many attempts not read.
const sqlLatelyRefused = `
SELECT d.provider_id, a.stage, a.text, max(a.at)
FROM edition e
JOIN attempt a ON a.month = e.month AND a.edition_id = e.id AND a.at > @since
JOIN delivery d ON d.month = a.month AND d.edition_id = a.edition_id AND d.subscriber_id = a.subscriber_id
WHERE e.state = 'open'
   OR e.id = @edition
GROUP BY d.provider_id, a.stage, a.text
ORDER BY max(a.at) DESC
LIMIT 500`

const sqlWaitingFor = `
SELECT d.provider_id, p.domain, count(*)
FROM edition e
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
JOIN provider p ON p.id = d.provider_id
WHERE e.id = @edition
  AND d.provider_id = ANY(@providers::bigint[])
  AND d.state IN ('queued', 'deferred')
GROUP BY d.provider_id, p.domain
ORDER BY count(*) DESC`

const sqlInDoubt = `
SELECT *
FROM (
    SELECT 0::bigint AS notice_id, d.month, d.edition_id, d.subscriber_id, l.name AS newsletter, coalesce(r.address, '') AS address,
           d.doubts, d.due_at, e.state AS edition_state, coalesce(d.reply, '') AS reply
    FROM delivery d
    JOIN edition e ON e.id = d.edition_id
    JOIN newsletter l ON l.id = d.newsletter_id
    LEFT JOIN subscriber r ON r.id = d.subscriber_id
    WHERE d.doubts > 0 AND d.state = 'in doubt'
    UNION ALL
    SELECT n.id, n.created_at::date, 0, 0, coalesce(l.name, ''), coalesce(r.address, g.address, n.address),
           n.doubts, CASE WHEN n.settled_at IS NULL THEN n.due_at END, '', coalesce(n.reply, '')
    FROM notice n
    LEFT JOIN newsletter l ON l.id = n.newsletter_id
    LEFT JOIN subscriber r ON r.id = n.subscriber_id
    LEFT JOIN signup g ON g.id = n.signup_id
    WHERE n.state = 'in doubt'
) doubt
ORDER BY due_at IS NOT NULL, edition_id DESC, subscriber_id
LIMIT @limit`

const sqlDecideDelivery = `
UPDATE delivery
SET state = CASE WHEN @again THEN state ELSE 'sent' END,
    due_at = CASE WHEN @again THEN @now::timestamptz END,
    settled_at = CASE WHEN @again THEN NULL ELSE @now::timestamptz END,
    reply = CASE WHEN @again THEN reply ELSE 'in doubt; counted as sent by hand' END
WHERE month = @month
  AND edition_id = @edition
  AND subscriber_id = @subscriber
  AND state = 'in doubt'
  AND due_at IS NULL`

const sqlDecideNotice = `
UPDATE notice
SET state = CASE WHEN @again THEN state ELSE 'sent' END,
    due_at = @now,
    settled_at = CASE WHEN @again THEN NULL ELSE @now::timestamptz END,
    reply = CASE WHEN @again THEN reply ELSE 'in doubt; counted as sent by hand' END
WHERE id = @id
  AND state = 'in doubt'
  AND settled_at IS NOT NULL`

const sqlEditionHold = `
SELECT state
FROM edition
WHERE id = @edition
FOR NO KEY UPDATE`

const sqlEditionReopen = `
UPDATE edition
SET state = 'open',
    reopened_at = @now
WHERE id = @edition
  AND state = 'settled'`

const sqlNotify = `
SELECT pg_notify('vistka_delivery', '')`

const sqlListedColumns = `
SELECT d.edition_id, d.subscriber_id, n.name AS newsletter, e.kind, coalesce(r.address, '') AS address,
       d.state, d.tries, d.due_at, d.settled_at, coalesce(d.reply, '') AS reply, e.slot
FROM delivery d
JOIN edition e ON e.id = d.edition_id
JOIN newsletter n ON n.id = d.newsletter_id
LEFT JOIN subscriber r ON r.id = d.subscriber_id`

// The primary key begins with month and edition, so one reader's deliveries
// are found through the editions of the reader's newsletters, each by key.
const sqlOfSubscriber = sqlListedColumns + `
WHERE d.subscriber_id = @subscriber
  AND (d.month, d.edition_id) IN (
      SELECT f.month, f.id
      FROM edition f
      JOIN subscription s ON s.newsletter_id = f.newsletter_id
      WHERE s.subscriber_id = @subscriber
      ORDER BY f.id DESC
      LIMIT 1000)
ORDER BY d.edition_id DESC
LIMIT @limit`

const sqlTroubled = sqlListedColumns + `
WHERE e.id = @edition
  AND d.month = e.month
  AND d.state IN ('failed', 'deferred')
ORDER BY d.settled_at DESC NULLS FIRST, d.subscriber_id
LIMIT @limit`
