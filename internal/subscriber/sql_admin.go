package subscriber

const (
	rowColumns = `s.subscriber_id, s.newsletter_id, n.slug AS newsletter, r.address,
       CASE WHEN s.state = 'ended' THEN 'ended' WHEN s.paused_until > @now THEN 'paused' ELSE 'active' END AS status,
       s.cadence, s.locale, s.created_at, s.paused_until, s.ended_at, coalesce(s.end_source, '') AS end_source,
       coalesce(p.reason, '') AS suppressed`

	search = `
SELECT ` + rowColumns + `
FROM subscriber r
JOIN subscription s ON s.subscriber_id = r.id
JOIN newsletter n ON n.id = s.newsletter_id
LEFT JOIN suppression p ON p.address_hash = r.address_hash
WHERE (@newsletter = '' OR n.slug = @newsletter)
  AND (@query = '%%' OR r.address_key LIKE @query OR lower(r.address) LIKE @query)
  AND CASE @status
      WHEN 'ended' THEN s.state = 'ended'
      WHEN 'paused' THEN s.state = 'active' AND s.paused_until > @now
      WHEN 'active' THEN s.state = 'active' AND (s.paused_until IS NULL OR s.paused_until <= @now)
      ELSE true END
  AND (@after::bigint IS NULL OR (r.id, s.newsletter_id) < (@after::bigint, @after_newsletter::bigint))
ORDER BY r.id DESC, s.newsletter_id DESC
LIMIT @limit`

	totals = `
SELECT count(*) FILTER (WHERE state = 'active' AND (paused_until IS NULL OR paused_until <= @now)),
       count(*) FILTER (WHERE state = 'active' AND paused_until > @now),
       count(*) FILTER (WHERE state = 'ended'),
       (SELECT count(*)
        FROM signup g
        WHERE (@newsletter::bigint = 0 OR g.newsletter_id = @newsletter::bigint)
          AND g.confirmed_at IS NULL
          AND g.expires_at > @now
          AND NOT EXISTS (
              SELECT FROM subscriber r
              JOIN subscription x ON x.subscriber_id = r.id
              WHERE r.address_key = g.address_key AND x.newsletter_id = g.newsletter_id AND x.state = 'active'))
FROM subscription
WHERE @newsletter::bigint = 0 OR newsletter_id = @newsletter::bigint`

	readers = `
SELECT count(DISTINCT s.subscriber_id)
FROM subscription s
JOIN newsletter n ON n.id = s.newsletter_id
WHERE s.state = 'active'
  AND n.archived_at IS NULL`

	getPerson = `
SELECT r.address, r.locale, r.created_at, r.address_hash, coalesce(p.reason, '')
FROM subscriber r
LEFT JOIN suppression p ON p.address_hash = r.address_hash
WHERE r.id = @id`

	personSubscriptions = `
SELECT ` + rowColumns + `
FROM subscriber r
JOIN subscription s ON s.subscriber_id = r.id
JOIN newsletter n ON n.id = s.newsletter_id
LEFT JOIN suppression p ON p.address_hash = r.address_hash
WHERE r.id = @id
ORDER BY n.slug`

	personEvents = `
SELECT e.at, e.newsletter_id, n.slug AS newsletter, n.name, n.language, e.kind, e.source, e.wording, e.locale, coalesce(p.address, '') AS address,
       coalesce(p.page_url, '') AS page_url, coalesce(host(p.ip), '') AS ip, coalesce(p.user_agent, '') AS user_agent,
       coalesce(p.changes, '[]') AS changes
FROM consent_event e
JOIN newsletter n ON n.id = e.newsletter_id
LEFT JOIN consent_person p ON p.event_id = e.id
WHERE e.id IN (` + ownEvents + `)
ORDER BY e.at DESC, e.id DESC`

	// Moments, numbers and words as they are stored; what is left out, and why, is
	// listed beside the columns in the test.
	exportPerson = `
WITH person AS (
    SELECT *
    FROM subscriber
    WHERE address_key = @key)
SELECT jsonb_build_object(
    'address', @address::text,
    'subscriber', (
        SELECT jsonb_build_object('id', r.id, 'address', r.address, 'language', r.locale, 'translations', r.translations,
            'mail_provider', d.domain, 'created_at', r.created_at)
        FROM person r
        JOIN provider d ON d.id = r.provider_id),
    'suppression', (
        SELECT jsonb_build_object('reason', p.reason, 'detail', p.detail, 'at', p.at)
        FROM suppression p
        WHERE p.address_hash = @hash),
    'signups', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'address', g.address, 'language', g.locale,
            'article', g.article_url, 'page', g.page_url, 'wording', g.wording, 'origin_known', g.attested,
            'proven', g.proven, 'ip', host(g.ip), 'user_agent', g.user_agent, 'created_at', g.created_at, 'expires_at', g.expires_at, 'confirmed_at', g.confirmed_at,
            'mail_due_at', g.mail_due_at, 'mail_held_for', g.held, 'code_tries', g.code_tries) ORDER BY g.id), '[]')
        FROM signup g
        JOIN newsletter n ON n.id = g.newsletter_id
        WHERE g.address_key = @key OR g.subscriber_id = (SELECT id FROM person)),
    'subscriptions', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'state', s.state, 'cadence', s.cadence,
            'topics', s.topics, 'language', s.locale, 'timezone', s.zone, 'hour', s.hour, 'paused_until', s.paused_until,
            'next_due_at', s.due_at, 'articles_settled', s.seen_seq, 'created_at', s.created_at, 'ended_at', s.ended_at,
            'end_source', s.end_source) ORDER BY n.slug), '[]')
        FROM subscription s
        JOIN person r ON r.id = s.subscriber_id
        JOIN newsletter n ON n.id = s.newsletter_id),
    'articles_owed', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'article', a.url, 'due_at', o.due_at,
            'reason', o.reason) ORDER BY o.due_at, a.id), '[]')
        FROM owed o
        JOIN person r ON r.id = o.subscriber_id
        JOIN newsletter n ON n.id = o.newsletter_id
        JOIN article a ON a.id = o.article_id),
    'consent', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', e.kind, 'source', e.source,
            'wording', e.wording, 'language', e.locale, 'at', e.at, 'address', p.address, 'page', p.page_url, 'ip', host(p.ip),
            'user_agent', p.user_agent, 'changes', p.changes) ORDER BY e.id), '[]')
        FROM consent_event e
        JOIN newsletter n ON n.id = e.newsletter_id
        LEFT JOIN consent_person p ON p.event_id = e.id
        WHERE e.id IN (` + ownEvents + `)),
    'mails', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', e.kind, 'slot', e.slot, 'state', d.state,
            'tries', d.tries, 'tries_in_doubt', d.doubts, 'due_at', d.due_at, 'settled_at', d.settled_at, 'reply', d.reply,
            'refusals', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('try', t.n, 'at', t.at, 'stage', t.stage, 'code', t.code,
                    'text', t.text, 'counts_as', t.charge) ORDER BY t.n, t.at), '[]')
                FROM attempt t
                WHERE t.month = d.month AND t.edition_id = d.edition_id AND t.subscriber_id = d.subscriber_id)) ORDER BY e.id), '[]')
        FROM person r
        JOIN subscription s ON s.subscriber_id = r.id
        JOIN newsletter n ON n.id = s.newsletter_id
        JOIN edition e ON e.newsletter_id = n.id
        JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.subscriber_id = r.id),
    'address_changes', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'language', c.locale, 'state', c.state,
            'new_address', c.address, 'asked_at', c.asked_at, 'expires_at', c.expires_at, 'settled_at', c.settled_at) ORDER BY c.id), '[]')
        FROM address_change c
        JOIN person r ON r.id = c.subscriber_id
        JOIN newsletter n ON n.id = c.newsletter_id),
    'notices', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', t.kind, 'language', t.locale,
            'address', nullif(t.address, ''), 'content', t.content, 'state', t.state, 'tries', t.tries, 'tries_in_doubt', t.doubts,
            'due_at', t.due_at, 'created_at', t.created_at, 'composed_at', t.composed_at, 'settled_at', t.settled_at,
            'reply', t.reply) ORDER BY t.id), '[]')
        FROM notice t
        LEFT JOIN newsletter n ON n.id = t.newsletter_id
        LEFT JOIN signup g ON g.id = t.signup_id
        WHERE g.address_key = @key
           OR t.subscriber_id = (SELECT id FROM person)
           OR lower(t.address) IN (lower(@address), @key)
           OR t.kind = 'link' AND (t.content ->> 'change')::bigint IN (
               SELECT c.id
               FROM address_change c
               JOIN person r ON r.id = c.subscriber_id)),
    'mails_asked_for', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'at', l.at) ORDER BY l.at), '[]')
        FROM address_limit l
        WHERE l.limit_key = @limit),
    'account', (
        SELECT jsonb_build_object('address', a.address, 'name', a.name, 'role', a.role, 'hotline', a.hotline,
            'language', a.locale, 'created_at', a.created_at, 'seen_at', a.seen_at, 'disabled_at', a.disabled_at)
        FROM account a
        WHERE a.address_key = @key))`

	// The subscriptions alone, in the order of fan-out: it locks those first, and
	// only then, by the foreign key of owed, the person.
	lockPerson = `
SELECT s.newsletter_id
FROM subscriber r
JOIN subscription s ON s.subscriber_id = r.id
WHERE r.address_key = @key
ORDER BY s.newsletter_id
FOR UPDATE OF s`

	recordErasure = `
INSERT INTO consent_event (address_hash, newsletter_id, kind, source, at)
SELECT @hash, s.newsletter_id, 'erased', 'request', @now
FROM subscription s
JOIN subscriber r ON r.id = s.subscriber_id
WHERE r.address_key = @key`

	eraseEvidence = `
DELETE FROM consent_person p
WHERE p.event_id IN (` + ownEvents + `)`

	eraseNotices = `
DELETE FROM notice
WHERE lower(address) IN (lower(@address), @key)`

	eraseSignups = `
DELETE FROM signup
WHERE address_key = @key`

	// Those of an address of before are there until they are purged.
	eraseFormerSignups = `
DELETE FROM signup
WHERE subscriber_id = (SELECT id FROM subscriber WHERE address_key = @key)
  AND address_key <> @key`

	eraseSubscriber = `
DELETE FROM subscriber
WHERE address_key = @key`

	seedTable = `
CREATE TEMPORARY TABLE seed (
    address      text   NOT NULL,
    address_hash bytea  NOT NULL,
    provider_id  bigint NOT NULL
) ON COMMIT DROP`

	seedSubscribers = `
INSERT INTO subscriber (address, address_key, address_hash, provider_id, locale, created_at)
SELECT x.address, x.address, x.address_hash, x.provider_id, n.language, @now
FROM seed x, newsletter n
WHERE n.id = @newsletter
ON CONFLICT DO NOTHING`

	seedSubscriptions = `
INSERT INTO subscription (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
SELECT n.id, r.id, 'active', n.default_cadence, n.language, n.timezone, n.hour, n.last_seq, n.due_at, r.provider_id, @now
FROM seed x
JOIN subscriber r ON r.address_hash = x.address_hash,
     (SELECT *, next_slot(default_cadence, timezone, hour, @now) AS due_at FROM newsletter WHERE id = @newsletter OFFSET 0) n
ON CONFLICT DO NOTHING`

	purgeLimits = `
DELETE FROM address_limit
WHERE at < @before`

	purgeProofs = `
DELETE FROM proof_used
WHERE expires_at <= @now`

	purgeRequests = `
DELETE FROM request_limit
WHERE bucket < @before`
)
