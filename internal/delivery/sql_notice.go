package delivery

const sqlEnqueue = `
WITH rows AS (
    INSERT INTO notice (kind, locale, newsletter_id, signup_id, subscriber_id, address, content, hotline_request_id, state, due_at, created_at)
    SELECT x.kind, x.locale, x.newsletter, x.signup, x.subscriber, x.address, x.content::jsonb, x.request, 'queued', @now, @now
    FROM unnest(@kinds::text[], @locales::text[], @newsletters::bigint[], @signups::bigint[], @subscribers::bigint[], @addresses::text[],
                @contents::text[], @requests::bigint[])
         WITH ORDINALITY AS x(kind, locale, newsletter, signup, subscriber, address, content, request, n)
    ORDER BY x.n
    RETURNING id
)
SELECT rows.id
FROM rows
CROSS JOIN pg_notify('vistka_delivery', '` + noticeQueued + `')`

// What Date and links are derived from is there once it is frozen.
const sqlNotice = `
SELECT n.id, n.kind, n.locale, n.content, n.tries, coalesce(n.composed_at, @now) AS composed_at,
       CASE WHEN n.key_id = '' THEN @key ELSE n.key_id END AS key_id, n.facts,
       coalesce(r.address, g.address, n.address) AS address,
       coalesce(n.signup_id, 0) AS signup_id,
       coalesce(n.subscriber_id, 0) AS subscriber_id
FROM notice n
LEFT JOIN signup g ON g.id = n.signup_id
LEFT JOIN subscriber r ON r.id = n.subscriber_id
WHERE n.id = ANY(@ids::bigint[])`

// The day on which the pause of a subscription s ends, where its reader lives.
const sqlPausedTo = `coalesce(to_char(CASE WHEN s.paused_until > @now THEN s.paused_until END AT TIME ZONE s.zone, 'YYYY-MM-DD'), '')`

const sqlNoticeFacts = `
SELECT n.id AS notice_id,
       @base::text AS base_url,
       coalesce(g.generation, 0) AS generation,
       coalesce(g.page_url, '') AS page_url,
       coalesce(g.created_at, c.asked_at, m.made_at) AS asked_at,
       CASE WHEN ` + sqlLate + ` THEN m.made_at + @within::interval
            ELSE coalesce(g.expires_at, c.expires_at, m.made_at) END AS expires_at,
       coalesce(s.cadence, '') AS cadence,
       ` + sqlPausedTo + ` AS paused_to,
       l.id AS newsletter_id, l.name, l.slug, l.language, l.from_name, l.from_address, l.reply_to, l.postal_address,
       l.site_url, l.privacy_url, l.logo_url, l.accent, l.timezone
FROM notice n
CROSS JOIN LATERAL (SELECT coalesce(n.composed_at, @now::timestamptz) AS made_at) m
JOIN newsletter l ON l.id = coalesce(n.newsletter_id, (SELECT min(id) FROM newsletter WHERE archived_at IS NULL))
LEFT JOIN signup g ON g.id = n.signup_id
LEFT JOIN subscription s ON s.newsletter_id = l.id AND s.subscriber_id = n.subscriber_id
LEFT JOIN address_change c ON n.kind = 'link' AND c.id = (n.content ->> 'change')::bigint
WHERE n.id = ANY(@ids::bigint[])`

// Whether the mail m of a sign-up g is made so late that little is left of the time
// in which it can be confirmed: sending was stopped, or the relay did not answer.
// That time then begins with the mail. "This wasn't me" has shortened it for good.
const sqlLate = `(g.confirmed_at IS NULL
            AND g.expires_at >= g.created_at + @within::interval
            AND g.expires_at < m.made_at + @within::interval - interval '1 hour')`

// Two senders may load the same notices: both lock them in one order, after the
// sign-ups that get more time, as who erases or forgets these does.
const sqlNoticeFreeze = `
WITH late AS MATERIALIZED (
    SELECT g.id, m.made_at
    FROM unnest(@ids::bigint[], @times::timestamptz[]) AS m(id, made_at)
    JOIN notice n ON n.id = m.id AND n.facts IS NULL AND n.kind = 'confirmation'
    JOIN signup g ON g.id = n.signup_id
    WHERE ` + sqlLate + `
    ORDER BY g.id
    FOR NO KEY UPDATE OF g
), renewed AS (
    UPDATE signup g
    SET expires_at = l.made_at + @within::interval
    FROM late l
    WHERE g.id = l.id
    RETURNING g.id
), locked AS MATERIALIZED (
    SELECT id
    FROM notice
    WHERE id = ANY(@ids::bigint[])
      AND facts IS NULL
      AND (SELECT count(*) FROM renewed) >= 0
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE notice n
SET composed_at = x.composed_at, key_id = x.key_id, facts = x.facts::jsonb
FROM locked l
JOIN unnest(@ids::bigint[], @times::timestamptz[], @keys::text[], @facts::text[]) AS x(id, composed_at, key_id, facts) ON x.id = l.id
WHERE n.id = l.id
RETURNING n.id`

const sqlNoticeHealths = `
SELECT kind,
       count(*) FILTER (WHERE state = 'failed') AS failed,
       count(*) FILTER (WHERE state <> 'failed') AS late,
       coalesce((array_agg(reply ORDER BY settled_at DESC NULLS FIRST, id DESC) FILTER (WHERE reply <> ''))[1], '') AS replied
FROM notice
WHERE state = 'failed'
  AND settled_at > @since
   OR state IN ('queued', 'deferred')
  AND created_at <= @late
GROUP BY kind
ORDER BY kind`

const sqlFailedNotices = `
SELECT n.kind, coalesce(l.name, '') AS newsletter, coalesce(r.address, g.address, n.address) AS address, n.settled_at,
       coalesce(n.reply, '') AS reply
FROM notice n
LEFT JOIN newsletter l ON l.id = n.newsletter_id
LEFT JOIN subscriber r ON r.id = n.subscriber_id
LEFT JOIN signup g ON g.id = n.signup_id
WHERE n.state = 'failed'
  AND n.settled_at > @since
ORDER BY n.settled_at DESC, n.id DESC
LIMIT @limit`

const sqlNoticeState = `
SELECT state, due_at, settled_at, coalesce(reply, '') AS reply
FROM notice
WHERE id = @id`
