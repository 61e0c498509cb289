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
WHERE address <> ''
  AND lower(address) IN (lower(@address), @key)`

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
