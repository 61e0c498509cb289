package delivery

import "vistka/internal/suppression"

// The record is a batch, which is one transaction with one commit: for each month
// the attempts of the next mails and what the relay accepted of the last, then
// what else came of a try. A month's statement names its partition, since one
// that goes through the parent opens every month that is kept. Each row's whole
// key comes from the arguments: a plan made while the partition was empty would
// else begin with the month, and read all of it for each group once it is filled.

// sqlMine holds the relay's row until the commit, so that a take-over waits for
// this attempt and then sees it, and so does a record that takes it back. It comes
// before all other rows, as it does there: where it is asked for stands first.
const sqlMine = `mine AS MATERIALIZED (
    SELECT fence
    FROM relay
    WHERE id = @relay
      AND fence = @fence
      AND lease_until > now()
    FOR NO KEY UPDATE
)`

// sqlMineCounted is sqlMine for a relay with a daily limit: it also counts what
// the relay is given in a day.
const sqlMineCounted = `mine AS (
    UPDATE relay
    SET day = @day,
        taken = @attempts + CASE WHEN day = @day THEN taken ELSE 0 END
    WHERE id = @relay
      AND fence = @fence
      AND lease_until > now()
    RETURNING fence
)`

// The attempts and what the relay accepted, one UPDATE for both: a statement's
// beginning and end cost as much as many rows. willing holds the reader's
// subscription, so that leaving either commits before (and the row is not
// returned) or after this attempt; an address is the one the mail was made for, as
// the statement began: a change of it that commits in this very moment comes too
// late for a mail that is on its way. While sending is stopped or locked no
// attempt is recorded; what was accepted is.
const sqlRecord = `
WITH {mine}, willing AS (
    SELECT n.month, n.edition_id, n.subscriber_id
    FROM unnest(@next_months::date[], @next_editions::bigint[], @next_subscribers::bigint[], @hashes::bytea[]) AS n(month, edition_id, subscriber_id, hash)
    JOIN edition e ON e.id = n.edition_id AND e.state = 'open'
    JOIN subscription s ON s.newsletter_id = e.newsletter_id AND s.subscriber_id = n.subscriber_id
    JOIN subscriber r ON r.id = n.subscriber_id AND r.address_hash = n.hash
    WHERE s.state = 'active'
      AND (s.paused_until IS NULL OR s.paused_until <= @now)
      AND NOT EXISTS (SELECT FROM suppression p WHERE p.address_hash = n.hash AND ` + suppression.StopsNewsletters + `)
    ORDER BY s.newsletter_id, s.subscriber_id
    FOR SHARE OF s
)
UPDATE {delivery} d
SET state = x.state,
    relay_id = @relay,
    fence = @fence,
    tries = d.tries + x.tries,
    due_at = NULL,
    settled_at = x.settled_at,
    reply = coalesce(x.reply, d.reply)
FROM (
    SELECT w.month, w.edition_id, w.subscriber_id, 'sending' AS state, 1 AS tries, NULL::timestamptz AS settled_at, NULL::text AS reply
    FROM willing w
    WHERE EXISTS (SELECT FROM mine)
      AND EXISTS (SELECT FROM sending_allowed)
    UNION ALL
    SELECT month, edition_id, subscriber_id, 'sent', 0, @now, reply
    FROM unnest(@sent_months::date[], @sent_editions::bigint[], @sent_subscribers::bigint[], @replies::text[]) AS a(month, edition_id, subscriber_id, reply)
) x
WHERE d.month = x.month
  AND d.edition_id = x.edition_id
  AND d.subscriber_id = x.subscriber_id
  AND CASE WHEN x.state = 'sending' THEN d.state IN ('queued', 'deferred') OR d.state = 'in doubt' AND d.due_at IS NOT NULL
           ELSE d.state = 'sending' AND d.relay_id = @relay AND d.fence = @fence END
RETURNING d.edition_id, d.subscriber_id, d.state`

// What else came of a try. A row in doubt never becomes failed or merely
// deferred: it may have been accepted the first time, whatever is said to it
// now. An outcome before the attempt finds the row as it was read, or has been
// counted already by the same call whose answer was lost; the lease is looked at
// before any row is changed, as a take-over does. A mailbox that is gone is
// suppressed under the address that was mailed, whatever the reader's is now.
const sqlOutcome = `
WITH ` + sqlMine + `, done AS (
    UPDATE delivery d
    SET state = CASE WHEN d.doubts > 0 AND x.state IN ('deferred', 'failed') THEN 'in doubt' ELSE x.state END,
        doubts = d.doubts + CASE WHEN x.state = 'in doubt' THEN 1 ELSE 0 END,
        due_at = CASE WHEN x.state = 'in doubt' AND d.doubts > 0 THEN NULL ELSE x.due_at END,
        tries = d.tries + x.tries,
        settled_at = CASE WHEN x.state = 'sent' OR x.state = 'failed' AND d.doubts = 0 THEN @now::timestamptz END,
        reply = coalesce(nullif(x.reply, ''), d.reply)
    FROM unnest(@months::date[], @editions::bigint[], @subscribers::bigint[], @mailed::bytea[], @early::boolean[], @states::text[], @tries::int[],
                @had::int[], @due::timestamptz[], @replies::text[], @stages::text[], @codes::int[], @charges::text[])
         AS x(month, edition_id, subscriber_id, hash, early, state, tries, had, due_at, reply, stage, code, charge)
    LEFT JOIN mine ON true
    WHERE d.month = x.month
      AND d.edition_id = x.edition_id
      AND d.subscriber_id = x.subscriber_id
      AND CASE WHEN x.early THEN d.state IN ('queued', 'deferred', 'in doubt') AND d.tries = x.had AND mine.fence IS NOT NULL
               ELSE d.state = 'sending' AND d.relay_id = @relay AND d.fence = @fence END
    RETURNING d.month, d.edition_id, d.subscriber_id, d.tries, x.hash, x.stage, x.code, x.reply, x.charge
), noted AS (
    INSERT INTO attempt (month, edition_id, subscriber_id, n, at, stage, code, text, charge)
    SELECT month, edition_id, subscriber_id, tries, @now, stage, code, reply, charge
    FROM done
    WHERE stage <> ''
    ON CONFLICT DO NOTHING
)
INSERT INTO suppression (address_hash, reason, detail, at)
SELECT DISTINCT ON (hash) hash, 'hard bounce', reply, @now
FROM done
WHERE charge = 'gone'
` + sqlSuppressGone

// A hard bounce is the stronger word; a complaint or an erasure stands.
const sqlSuppressGone = `ON CONFLICT (address_hash) DO UPDATE
SET reason = EXCLUDED.reason, detail = EXCLUDED.detail, at = EXCLUDED.at
WHERE suppression.reason IN ('not me', 'repeated bounces')`

// Both for notices, in one statement. due_at is never null there, so a doubt that
// is held is one with settled_at. That states are left out, not named, keeps the
// planner from the index of those that wait: it would read all of them for each
// group.
const sqlRecordNotices = `
WITH {mine}, done AS (
    UPDATE notice d
    SET state = CASE WHEN d.doubts > 0 AND x.state IN ('deferred', 'failed') THEN 'in doubt' ELSE x.state END,
        doubts = d.doubts + CASE WHEN x.state = 'in doubt' THEN 1 ELSE 0 END,
        due_at = coalesce(x.due_at, d.due_at),
        tries = d.tries + x.tries,
        settled_at = CASE WHEN x.state IN ('sent', 'failed') OR x.state = 'in doubt' AND d.doubts > 0 THEN @now::timestamptz END,
        reply = coalesce(nullif(x.reply, ''), d.reply)
    FROM unnest(@ids::bigint[], @mailed::bytea[], @early::boolean[], @states::text[], @tries::int[], @had::int[], @due::timestamptz[],
                @replies::text[], @charges::text[])
         AS x(id, hash, early, state, tries, had, due_at, reply, charge)
    WHERE d.id = x.id
      AND CASE WHEN x.early THEN d.state IN ('queued', 'deferred', 'in doubt') AND d.tries = x.had AND EXISTS (SELECT FROM mine)
               ELSE d.state = 'sending' AND d.relay_id = @relay AND d.fence = @fence END
    RETURNING d.subscriber_id, x.hash, x.reply, x.charge
), bounced AS (
    INSERT INTO suppression (address_hash, reason, detail, at)
    SELECT DISTINCT ON (hash) hash, 'hard bounce', reply, @now
    FROM done
    WHERE charge = 'gone'
      AND subscriber_id IS NOT NULL
    ` + sqlSuppressGone + `
)
UPDATE notice d
SET state = 'sending',
    relay_id = @relay,
    fence = mine.fence,
    tries = d.tries + 1
FROM mine, unnest(@next::bigint[], @hashes::bytea[]) AS n(id, hash)
WHERE d.id = n.id
  AND d.state <> ALL('{sending,sent,failed,skipped,cancelled}')
  AND d.settled_at IS NULL
  AND EXISTS (SELECT FROM sending_allowed)
  AND ` + sqlNoticeWanted + `
RETURNING d.id`

// Whether a notice d to an address n.hash is still to be sent. The old mailbox is
// told of a change that is done as well: its owner may not have wished it. The new
// one is asked as a sign-up is, so the same suppressions stop that. Settings are
// those of now, or nothing is said of them.
const sqlNoticeWanted = `CASE d.kind
      WHEN 'confirmation' THEN EXISTS (
          SELECT FROM signup g
          WHERE g.id = d.signup_id AND g.confirmed_at IS NULL AND g.expires_at > @now)
      WHEN 'welcome' THEN EXISTS (
          SELECT FROM subscription s
          WHERE s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id AND s.state = 'active')
      WHEN 'settings' THEN EXISTS (
          SELECT FROM subscription s
          WHERE s.newsletter_id = d.newsletter_id
            AND s.subscriber_id = d.subscriber_id
            AND s.state = 'active'
            AND ` + sqlSaid + `)
      WHEN 'link' THEN NOT d.content ? 'change' OR EXISTS (
          SELECT FROM address_change c
          WHERE c.id = (d.content ->> 'change')::bigint
            AND CASE d.content ->> 'about'
                WHEN 'moved address' THEN c.state = 'done' AND ` + sqlMoved + `
                ELSE c.state = 'waiting' AND c.expires_at > @now OR c.state = 'done' AND d.content ->> 'about' = 'old address' END)
      WHEN 'alert' THEN NOT d.content ? 'hold' OR EXISTS (
          SELECT FROM article a, account o
          WHERE a.id = (d.content ->> 'hold')::bigint
            AND a.state = 'waiting'
            AND o.id = (d.content ->> 'account')::bigint
            AND o.role IN ('editor', 'owner')
            AND o.disabled_at IS NULL)
      ELSE true END
  AND NOT EXISTS (
      SELECT FROM suppression p
      WHERE p.address_hash = n.hash
        AND p.reason <> CASE WHEN d.kind = 'confirmation' OR d.content ->> 'about' = 'new address' THEN 'erased' ELSE 'not me' END)`

// Mail of the newsletter that a notice d speaks for still comes where its change c
// led: its reader has neither left nor changed the address once more.
const sqlMoved = `EXISTS (
                    SELECT FROM subscription s
                    WHERE s.newsletter_id = d.newsletter_id AND s.subscriber_id = d.subscriber_id AND s.state = 'active')
                AND NOT EXISTS (
                    SELECT FROM address_change l
                    WHERE l.subscriber_id = c.subscriber_id AND l.state = 'done' AND l.id > c.id)`

// A settings notice d says of a subscription s how it is.
const sqlSaid = `(d.facts ->> 'Cadence' = s.cadence AND coalesce(d.facts ->> 'PausedTo', '') = ` + sqlPausedTo + `)`

// Why a row was not returned: read afterwards, acted on by the guarded
// statements below.
const sqlWhy = `
SELECT n.month, n.edition_id, n.subscriber_id,
       coalesce(d.state, '') AS state,
       d.relay_id IS NOT DISTINCT FROM @relay AND d.fence IS NOT DISTINCT FROM @fence AS ours,
       CASE WHEN s.state IS DISTINCT FROM 'active'
                 OR EXISTS (SELECT FROM suppression p JOIN subscriber r ON r.address_hash = p.address_hash WHERE r.id = n.subscriber_id AND ` + suppression.StopsNewsletters + `) THEN 'cancelled'
            WHEN s.paused_until > @now THEN 'skipped'
            ELSE '' END AS verdict,
       EXISTS (SELECT FROM relay WHERE id = @relay AND fence = @fence AND lease_until > now()) AS held
FROM unnest(@months::date[], @editions::bigint[], @subscribers::bigint[]) AS n(month, edition_id, subscriber_id)
LEFT JOIN delivery d ON d.month = n.month AND d.edition_id = n.edition_id AND d.subscriber_id = n.subscriber_id
LEFT JOIN edition e ON e.id = n.edition_id
LEFT JOIN subscription s ON s.newsletter_id = e.newsletter_id AND s.subscriber_id = n.subscriber_id`

const sqlWhyNotices = `
SELECT n.id,
       coalesce(d.state, '') AS state,
       d.relay_id IS NOT DISTINCT FROM @relay AND d.fence IS NOT DISTINCT FROM @fence AS ours,
       EXISTS (SELECT FROM relay WHERE id = @relay AND fence = @fence AND lease_until > now()) AS held
FROM unnest(@ids::bigint[]) AS n(id)
LEFT JOIN notice d ON d.id = n.id`

// The reader left or is suppressed. What may have been accepted stays in doubt,
// held. The subscription is locked and read again: a reader who comes back in
// this moment either is seen here, or sees the cancelled row and is owed it.
const sqlCancel = `
WITH locked AS MATERIALIZED (
    SELECT n.month, n.edition_id, n.subscriber_id, s.state
    FROM unnest(@months::date[], @editions::bigint[], @subscribers::bigint[]) AS n(month, edition_id, subscriber_id)
    JOIN edition e ON e.id = n.edition_id
    JOIN subscription s ON s.newsletter_id = e.newsletter_id AND s.subscriber_id = n.subscriber_id
    ORDER BY s.newsletter_id, s.subscriber_id
    FOR SHARE OF s
)
UPDATE delivery d
SET state = CASE WHEN d.doubts > 0 THEN 'in doubt' ELSE 'cancelled' END,
    due_at = NULL,
    settled_at = CASE WHEN d.doubts = 0 THEN @now::timestamptz END,
    reply = CASE WHEN d.doubts = 0 THEN 'the reader left before this was sent' ELSE d.reply END
FROM unnest(@months::date[], @editions::bigint[], @subscribers::bigint[]) AS n(month, edition_id, subscriber_id)
WHERE d.month = n.month
  AND d.edition_id = n.edition_id
  AND d.subscriber_id = n.subscriber_id
  AND d.state IN ('queued', 'deferred', 'in doubt')
  AND NOT EXISTS (
      SELECT FROM locked l
      JOIN subscriber r ON r.id = l.subscriber_id
      WHERE l.month = n.month
        AND l.edition_id = n.edition_id
        AND l.subscriber_id = n.subscriber_id
        AND l.state = 'active'
        AND NOT EXISTS (SELECT FROM suppression p WHERE p.address_hash = r.address_hash AND ` + suppression.StopsNewsletters + `))`

// The reader paused: the articles are owed, and due as soon as the pause ends,
// also when the reader ends it early; nothing is made for a paused reader. A
// correction is owed to nobody: it waits itself, until the pause ends as it
// stands now. The subscription is locked and read again, as above; not shared,
// since it changes here.
const sqlSkip = `
WITH locked AS MATERIALIZED (
    SELECT n.month, n.edition_id, n.subscriber_id, s.newsletter_id, s.paused_until, e.kind, e.article_ids
    FROM unnest(@months::date[], @editions::bigint[], @subscribers::bigint[]) AS n(month, edition_id, subscriber_id)
    JOIN edition e ON e.id = n.edition_id
    JOIN subscription s ON s.newsletter_id = e.newsletter_id AND s.subscriber_id = n.subscriber_id
    WHERE s.state = 'active'
      AND s.paused_until > @now
    ORDER BY s.newsletter_id, s.subscriber_id
    FOR NO KEY UPDATE OF s
), skipped AS (
    UPDATE delivery d
    SET state = CASE WHEN d.doubts > 0 THEN 'in doubt' WHEN l.kind = 'correction' THEN 'deferred' ELSE 'skipped' END,
        due_at = CASE WHEN d.doubts = 0 AND l.kind = 'correction' THEN l.paused_until END,
        settled_at = CASE WHEN d.doubts = 0 AND l.kind <> 'correction' THEN @now::timestamptz END,
        reply = CASE WHEN d.doubts = 0 THEN 'the reader paused before this was sent' ELSE d.reply END
    FROM locked l
    WHERE d.month = l.month
      AND d.edition_id = l.edition_id
      AND d.subscriber_id = l.subscriber_id
      AND d.state IN ('queued', 'deferred', 'in doubt')
    RETURNING l.newsletter_id, d.subscriber_id, l.article_ids, l.paused_until, d.state
), waiting AS (
    UPDATE subscription s
    SET due_at = least(s.due_at, k.paused_until)
    FROM (SELECT DISTINCT newsletter_id, subscriber_id, paused_until FROM skipped WHERE state = 'skipped') k
    WHERE s.newsletter_id = k.newsletter_id
      AND s.subscriber_id = k.subscriber_id
      AND s.cadence = 'instant'
)
INSERT INTO owed (newsletter_id, subscriber_id, article_id, due_at, reason)
SELECT DISTINCT k.newsletter_id, k.subscriber_id, a.id, @now::timestamptz, 'paused before it was sent'
FROM skipped k
JOIN article a ON a.id = ANY(k.article_ids)
WHERE k.state = 'skipped'
ON CONFLICT (newsletter_id, subscriber_id, article_id) DO NOTHING`

// Settings that were changed since the mail was made are told anew: what was
// frozen is forgotten, unless that may have been accepted.
const sqlCancelNotices = `
WITH again AS (
    UPDATE notice d
    SET facts = NULL,
        composed_at = NULL,
        key_id = ''
    FROM subscription s
    WHERE d.id = ANY(@ids::bigint[])
      AND d.kind = 'settings'
      AND d.state IN ('queued', 'deferred')
      AND d.doubts = 0
      AND s.newsletter_id = d.newsletter_id
      AND s.subscriber_id = d.subscriber_id
      AND s.state = 'active'
      AND NOT ` + sqlSaid + `
    RETURNING d.id
)
UPDATE notice d
SET state = CASE WHEN d.doubts > 0 THEN 'in doubt' ELSE 'cancelled' END,
    settled_at = @now,
    reply = CASE WHEN d.doubts > 0 THEN d.reply ELSE 'no longer wanted when its turn came' END
FROM unnest(@ids::bigint[], @hashes::bytea[]) AS n(id, hash)
WHERE d.id = n.id
  AND d.state IN ('queued', 'deferred', 'in doubt')
  AND d.id NOT IN (SELECT id FROM again)
  AND NOT (` + sqlNoticeWanted + `)`

const sqlEditionPause = `
UPDATE edition
SET state = 'paused',
    reason = @reason
WHERE id = @edition
  AND state = 'open'
RETURNING newsletter_id, (SELECT name FROM newsletter WHERE newsletter.id = edition.newsletter_id)`

const sqlEditionLock = `
SELECT month
FROM edition
WHERE id = @edition
  AND state = 'open'
FOR UPDATE SKIP LOCKED`

// A second statement after the lock: its snapshot holds every page committed
// by a fan-out that held the edition before.
const sqlEditionSettle = `
UPDATE edition
SET state = 'settled'
WHERE id = @edition
  AND state = 'open'
  AND NOT EXISTS (
      SELECT FROM delivery d
      WHERE d.month = @month
        AND d.edition_id = @edition
        AND (d.state IN ('queued', 'deferred', 'sending') OR d.state = 'in doubt' AND d.due_at IS NOT NULL))`
