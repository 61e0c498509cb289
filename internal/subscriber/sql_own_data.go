package subscriber

// What readers do on their own pages beyond settings.
const (
	claimMail = `
WITH ` + recentMails + `@kind)
INSERT INTO address_limit (limit_key, kind, at)
SELECT @limit, @kind, @now
FROM recent
WHERE quarter < @quarter AND day < @day AND month < @month`

	// A link counts its minutes from composed_at, the Date of its mail: one that
	// waited too long opens nothing any more, nor does one of before a change of
	// address was stopped. One that was sent went to the
	// address of that time. A doubt that is held is a person's to decide, not the
	// reader's to wait for.
	underWay = `
SELECT EXISTS (
    SELECT FROM notice t
    WHERE t.subscriber_id = @subscriber
      AND t.kind = 'link'
      AND t.content ->> 'about' = @about
      AND t.content -> 'records' IS NOT DISTINCT FROM @records::jsonb
      AND (t.composed_at IS NULL OR t.composed_at > @stale)
      AND NOT EXISTS (SELECT FROM subscriber r WHERE r.id = t.subscriber_id AND r.kept_at >= date_trunc('second', t.composed_at))
      AND (t.state IN ('queued', 'deferred', 'sending')
        OR t.state = 'in doubt' AND t.settled_at IS NULL
        OR t.state = 'sent' AND t.settled_at > @moment
          AND NOT EXISTS (
              SELECT FROM address_change c
              WHERE c.subscriber_id = t.subscriber_id AND c.state = 'done' AND c.settled_at >= t.composed_at)))`

	isHalted = `
SELECT NOT EXISTS (SELECT FROM sending_allowed)`

	lockSubscriber = `
SELECT address
FROM subscriber
WHERE id = @id
FOR NO KEY UPDATE`

	replaceChange = `
UPDATE address_change
SET state = 'cancelled', address = NULL, address_key = NULL, settled_at = @now
WHERE subscriber_id = @subscriber AND state = 'waiting'`

	asksAgain = `
SELECT EXISTS (
    SELECT FROM address_change
    WHERE subscriber_id = @subscriber AND state = 'waiting' AND address = @address AND asked_at > @moment)`

	addChange = `
INSERT INTO address_change (subscriber_id, newsletter_id, locale, address, address_key, old_hash, asked_at, expires_at)
VALUES (@subscriber, @newsletter, @locale, @address, @key, @old, @now, @expires)
RETURNING id`

	getAnyChange = `
SELECT c.id, c.subscriber_id, c.newsletter_id, c.locale, c.state, coalesce(c.address, '') AS address, c.expires_at,
       r.address AS current, r.address_hash <> c.old_hash AS moved,
       c.state <> 'done' AND coalesce(r.kept_at >= coalesce(c.settled_at, c.expires_at), false) AS closed
FROM address_change c
JOIN subscriber r ON r.id = c.subscriber_id`

	getChange = getAnyChange + `
WHERE c.id = @id`

	// What the old mailbox may stop: whichever wish waits for the same address,
	// else the one that its mail told of.
	getStoppable = getAnyChange + `
WHERE c.id = coalesce((
    SELECT o.id
    FROM address_change k
    JOIN address_change o ON o.subscriber_id = k.subscriber_id AND o.old_hash = k.old_hash AND o.state = 'waiting'
    WHERE k.id = @id), @id)`

	waitingAddress = `
SELECT address
FROM address_change
WHERE subscriber_id = @subscriber AND state = 'waiting' AND expires_at > @now`

	lockChange = getChange + `
FOR UPDATE OF c`

	lockStoppable = getStoppable + `
FOR UPDATE OF c`

	lockOwner = `
SELECT s.newsletter_id
FROM address_change c
JOIN subscription s ON s.subscriber_id = c.subscriber_id
WHERE c.id = @change
ORDER BY s.newsletter_id
FOR UPDATE OF s`

	lockOwnerPerson = `
SELECT r.id
FROM address_change c
JOIN subscriber r ON r.id = c.subscriber_id
WHERE c.id = @change
FOR UPDATE OF r`

	addressTaken = `
SELECT EXISTS (SELECT FROM subscriber WHERE address_key = @key)`

	moveSubscriber = `
UPDATE subscriber
SET address = @address, address_key = @key, address_hash = @hash, provider_id = @provider
WHERE id = @id`

	moveSubscriptions = `
UPDATE subscription
SET provider_id = @provider
WHERE subscriber_id = @id`

	settleChange = `
UPDATE address_change
SET state = @state, address = NULL, address_key = NULL, settled_at = @now
WHERE id = @id AND state = 'waiting'`

	keepAddress = `
UPDATE subscriber
SET kept_at = @now
WHERE id = @id`

	readsAny = `
SELECT newsletter_id
FROM subscription
WHERE subscriber_id = @subscriber AND state = 'active'
ORDER BY newsletter_id = @newsletter DESC, newsletter_id
LIMIT 1`

	// The hashes of a person: the one of now, and each that was theirs until it
	// was changed. Events after that are of whoever has the address since.
	ownEvents = `
    SELECT e.id
    FROM consent_event e
    WHERE e.address_hash = @hash
    UNION
    SELECT e.id
    FROM address_change c
    JOIN subscriber r ON r.id = c.subscriber_id
    JOIN consent_event e ON e.address_hash = c.old_hash AND e.at <= c.settled_at
    WHERE r.address_hash = @hash AND c.state = 'done'`

	formerHashes = `
SELECT DISTINCT c.old_hash
FROM address_change c
JOIN subscriber r ON r.id = c.subscriber_id
WHERE r.address_key = @key
  AND c.state = 'done'
  AND NOT EXISTS (SELECT FROM subscriber o WHERE o.address_hash = c.old_hash)`

	// Mails about the person's changes of address name neither of their rows,
	// and those to this address may be about somebody else's.
	eraseChangeNotices = `
DELETE FROM notice
WHERE kind = 'link'
  AND (content ->> 'change')::bigint IN (
      SELECT c.id
      FROM address_change c
      LEFT JOIN subscriber r ON r.id = c.subscriber_id
      WHERE @key IN (r.address_key, c.address_key))`

	eraseChanges = `
DELETE FROM address_change
WHERE address_key = @key`

	purgeChanges = `
UPDATE address_change
SET state = 'cancelled', address = NULL, address_key = NULL, settled_at = @now
WHERE state = 'waiting' AND expires_at <= @now`

	// Those that name an address.
	purgeChangeNotices = `
DELETE FROM notice
WHERE kind = 'link'
  AND content ? 'change'
  AND address <> ''
  AND created_at < @before
  AND state IN ('sent', 'failed', 'skipped', 'cancelled')`
)
