package delivery

const sqlEnqueueAll = `
WITH rows AS (
    INSERT INTO notice (kind, locale, newsletter_id, signup_id, subscriber_id, address, content, state, due_at, created_at)
    SELECT x.kind, x.locale, x.newsletter, x.signup, x.subscriber, x.address, x.content::jsonb, 'queued', @now, @now
    FROM unnest(@kinds::text[], @locales::text[], @newsletters::bigint[], @signups::bigint[], @subscribers::bigint[], @addresses::text[],
                @contents::text[])
         WITH ORDINALITY AS x(kind, locale, newsletter, signup, subscriber, address, content, n)
    ORDER BY x.n
)
SELECT pg_notify('vistka_delivery', '` + noticeQueued + `')`

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

const sqlNoticeFacts = `
SELECT n.id AS notice_id,
       @base::text AS base_url,
       coalesce(g.generation, 0) AS generation,
       coalesce(g.page_url, '') AS page_url,
       coalesce(g.created_at, n.composed_at, @now) AS asked_at,
       coalesce(g.expires_at, n.composed_at, @now) AS expires_at,
       coalesce(s.cadence, '') AS cadence,
       l.id AS newsletter_id, l.name, l.slug, l.language, l.from_name, l.from_address, l.reply_to, l.postal_address,
       l.site_url, l.privacy_url, l.logo_url, l.accent, l.timezone
FROM notice n
JOIN newsletter l ON l.id = coalesce(n.newsletter_id, (SELECT min(id) FROM newsletter WHERE archived_at IS NULL))
LEFT JOIN signup g ON g.id = n.signup_id
LEFT JOIN subscription s ON s.newsletter_id = l.id AND s.subscriber_id = n.subscriber_id
WHERE n.id = ANY(@ids::bigint[])`

// Two senders may load the same notices: both lock them in one order.
const sqlNoticeFreeze = `
WITH locked AS MATERIALIZED (
    SELECT id
    FROM notice
    WHERE id = ANY(@ids::bigint[])
      AND facts IS NULL
    ORDER BY id
    FOR NO KEY UPDATE
)
UPDATE notice n
SET composed_at = x.composed_at, key_id = x.key_id, facts = x.facts::jsonb
FROM locked l
JOIN unnest(@ids::bigint[], @times::timestamptz[], @keys::text[], @facts::text[]) AS x(id, composed_at, key_id, facts) ON x.id = l.id
WHERE n.id = l.id
RETURNING n.id`
