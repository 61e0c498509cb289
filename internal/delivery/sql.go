package delivery

import "vistka/internal/suppression"

// A lease is judged by the database's own now(); everything else that depends
// on time is given @now by the service's clock.

const sqlRelayUpsert = `
INSERT INTO relay (name, position)
VALUES (@name, @position)
ON CONFLICT ON CONSTRAINT relay_name_key DO UPDATE
SET position = EXCLUDED.position
RETURNING id`

// The fence rises with every change of holder, so that whatever the last one
// still tries is refused. A restarted process knows its own installation by
// @holder and need not wait for the lease to end. The last lease's end is read
// in the statement's snapshot, before the update.
const sqlLeaseTake = `
UPDATE relay
SET holder = @holder,
    fence = fence + 1,
    lease_until = now() + @lease::interval
WHERE id = @relay
  AND (lease_until <= now() OR @own AND holder = @holder)
RETURNING fence, (SELECT r.lease_until FROM relay r WHERE r.id = @relay) AS ended`

const sqlRelayTaken = `
SELECT CASE WHEN day = @day THEN taken ELSE 0 END
FROM relay
WHERE id = @relay`

// A renewal, or the release when @lease is nothing. It takes down what the relay
// was given today, for a limit that may be set later: without one nothing else
// does. With one the row may have more, since it counts what was asked for. A
// day is never set back.
const sqlLeaseRenew = `
UPDATE relay
SET lease_until = now() + @lease::interval,
    day = greatest(day, @day),
    taken = CASE WHEN day > @day THEN taken
                 WHEN day = @day THEN greatest(taken, @taken)
                 ELSE @taken END
WHERE id = @relay
  AND fence = @fence`

// Runs in the take-over's transaction after sqlLeaseTake: an attempt of the
// last holder either committed before that UPDATE got its lock, and is seen
// here, or finds its fence gone. No index leads to what is on its way, for each
// mail would have to keep it up: the editions are read that may have any. Of a
// settled one nothing is, and of one that was stopped long before the last lease
// ended neither: what was on its way then got its outcome from that driver or
// the doubt of an earlier take-over. resume_at is never before the stopping; the
// days are for clocks that disagree, and above any answer's time.
const sqlDoubtDeliveries = `
UPDATE delivery d
SET state = 'in doubt',
    doubts = d.doubts + 1,
    due_at = CASE WHEN d.doubts = 0 THEN @due::timestamptz END,
    reply = 'the process that sent this ended before the relay''s answer was recorded'
FROM edition e
WHERE (e.state IN ('open', 'paused') OR e.resume_at > @ended::timestamptz - interval '3 days')
  AND e.dropped_at IS NULL
  AND d.month = e.month
  AND d.edition_id = e.id
  AND d.relay_id = @relay
  AND d.state = 'sending'
  AND d.fence < @fence
RETURNING d.month, d.edition_id, d.subscriber_id, d.doubts`

const sqlDoubtNotices = `
UPDATE notice
SET state = 'in doubt',
    doubts = doubts + 1,
    due_at = @due,
    settled_at = CASE WHEN doubts > 0 THEN @now::timestamptz END,
    reply = 'the process that sent this ended before the relay''s answer was recorded'
WHERE relay_id = @relay
  AND state = 'sending'
  AND fence < @fence
RETURNING id, doubts`

// The drivers of the other relays are woken: their parts of the mail change.
const sqlRelayState = `
WITH said AS (
    UPDATE relay
    SET state = @state,
        problem = @problem,
        problem_at = CASE WHEN @problem::text = '' THEN NULL
                          WHEN state = @state AND problem_at IS NOT NULL THEN problem_at
                          ELSE @now::timestamptz END
    WHERE id = @relay
      AND fence = @fence
    RETURNING id
)
SELECT pg_notify('vistka_delivery', '')
FROM said`

// Which part of the mail a relay takes: its rank among the healthy ones that
// come first. One that is down counts itself, so that it has something to try
// itself with; that another sends the same is refused by the ledger.
const sqlRelayShare = `
WITH healthy AS (
    SELECT id, position
    FROM relay
    WHERE id = @relay
       OR id = ANY(@relays::bigint[]) AND state = 'ready' AND lease_until > now()
), first AS (
    SELECT id
    FROM healthy
    WHERE position = (SELECT min(position) FROM healthy)
)
SELECT count(*) AS shares,
       CASE WHEN bool_or(id = @relay) THEN count(*) FILTER (WHERE id < @relay) ELSE -1 END AS share
FROM first`

const sqlFeedNotices = `
SELECT id
FROM notice
WHERE state IN ('queued', 'deferred', 'in doubt')
  AND due_at <= @now
  AND settled_at IS NULL
  AND id <> ALL(@busy::bigint[])
  AND mod(id, @shares::bigint) = @share
ORDER BY due_at, id
LIMIT @limit`

const sqlFeedEditions = `
SELECT id, month
FROM edition
WHERE state = 'open'
ORDER BY id`

// Pages are read by index and in its order, whatever the planner believes:
// statistics lag behind a fan-out that makes a million rows in seconds, and a
// plan made while there were few stays cached. What is best for few rows, a
// sort or a join that begins at the first reader of all, would make each page
// cost as much as the whole edition. For the transaction it stands in.
const sqlByIndex = `
SELECT set_config(name, 'off', true)
FROM unnest(ARRAY['enable_seqscan', 'enable_bitmapscan', 'enable_sort', 'enable_hashjoin', 'enable_mergejoin']) AS name`

const sqlFeedColumns = `
SELECT d.month, d.edition_id, d.subscriber_id, d.provider_id, d.tries,
       coalesce(r.address, '') AS address,
       r.address_hash,
       r.id IS NOT NULL
       AND s.state IS NOT DISTINCT FROM 'active'
       AND (s.paused_until IS NULL OR s.paused_until <= @now)
       AND NOT EXISTS (SELECT FROM suppression p WHERE p.address_hash = r.address_hash AND ` + suppression.StopsNewsletters + `) AS willing`

const sqlFeedReader = `
LEFT JOIN subscriber r ON r.id = d.subscriber_id
LEFT JOIN subscription s ON s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id`

const sqlFeedQueued = sqlFeedColumns + `
FROM delivery d` + sqlFeedReader + `
WHERE d.month = @month
  AND d.edition_id = @edition
  AND d.subscriber_id > @after
  AND d.state = 'queued'
  AND d.provider_id <> ALL(@resting::bigint[])
  AND mod(d.subscriber_id, @shares::bigint) = @share
ORDER BY d.subscriber_id
LIMIT @limit`

// What waits for another try: only such a row has due_at. From the open editions
// to their rows, so that those of a paused one are not even looked at.
const sqlFeedDue = sqlFeedColumns + `
FROM edition e
CROSS JOIN LATERAL (
    SELECT *
    FROM delivery
    WHERE month = e.month
      AND edition_id = e.id
      AND state IN ('deferred', 'in doubt')
      AND due_at <= @now
      AND provider_id <> ALL(@resting::bigint[])
      AND mod(subscriber_id, @shares::bigint) = @share
    ORDER BY due_at
    LIMIT @limit) d` + sqlFeedReader + `
WHERE e.state = 'open'
  AND e.id <> ALL(@rested::bigint[])
ORDER BY e.id
LIMIT @limit`

const sqlBody = `
SELECT e.newsletter_id, b.from_address, b.base_url, b.key_id, b.segments
FROM edition e
LEFT JOIN edition_body b ON b.edition_id = e.id
WHERE e.id = @edition`

// The newest up to a moment that are out, those that the feed began with among
// them, or those that are named, out or not.
const sqlLatest = `
SELECT title, url, summary, content_html, author, image_url, image_alt, coalesce(published_at, released_at, first_seen_at) AS published_at, topics
FROM article
WHERE newsletter_id = @newsletter
  AND CASE WHEN cardinality(@ids::bigint[]) = 0 THEN state IN ('released', 'baseline') AND coalesce(released_at, first_seen_at) <= @before
           ELSE id = ANY(@ids::bigint[]) END
ORDER BY coalesce(released_at, published_at, first_seen_at) DESC, id DESC
LIMIT @limit`
