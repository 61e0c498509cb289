package subscriber

const (
	// Asked each second, so it begins with what is nearly always empty.
	anythingOwed = `
SELECT EXISTS (SELECT FROM signup WHERE mail_due_at IS NOT NULL AND held IS NULL)
    OR EXISTS (SELECT FROM signup WHERE mail_due_at IS NOT NULL AND held IS NOT NULL)
    OR EXISTS (SELECT FROM signup_gate WHERE spent_since IS NOT NULL OR unattested_since IS NOT NULL)`

	// One process answers at a time: the others go on waiting.
	lockGate = `
SELECT spent_since, unattested_since, empty_since
FROM signup_gate
FOR UPDATE SKIP LOCKED`

	mailsOfTheHour = `
SELECT share, domain, sum(count)::int AS count, (sum(count) FILTER (WHERE minute = @minute))::int AS this_minute
FROM signup_mail
WHERE minute >= @since
GROUP BY share, domain`

	// A confirmation that is on its way says all that another would, and of two
	// presses the mail that has just gone answers both. One that was first made for
	// a link of before does not count, and "send again" (owed later than the
	// sign-up was made) asks for one more than has gone.
	owed = `
SELECT g.id, g.newsletter_id, g.address, g.locale, g.created_at, g.mail_due_at, g.attested, g.proven,
       n.archived_at IS NOT NULL AS archived, g.confirmed_at IS NOT NULL OR g.expires_at <= @now AS over,
       coalesce(s.subscriber_id, 0) AS subscriber_id, coalesce(s.locale, '') AS reader_locale,
       EXISTS (
           SELECT FROM notice t
           WHERE t.signup_id = g.id
             AND t.kind = 'confirmation'
             AND (t.facts IS NULL OR (t.facts ->> 'Generation')::int = g.generation)
             AND (t.state IN ('queued', 'deferred', 'sending')
               OR t.state = 'in doubt' AND t.settled_at IS NULL
               OR t.state = 'sent' AND t.settled_at > @moment AND g.mail_due_at <= g.created_at)) AS answered
FROM signup g
JOIN newsletter n ON n.id = g.newsletter_id
LEFT JOIN subscriber r ON r.address_key = g.address_key
LEFT JOIN subscription s ON s.newsletter_id = g.newsletter_id AND s.subscriber_id = r.id AND s.state = 'active'
WHERE g.mail_due_at IS NOT NULL`

	owedNew = owed + `
  AND g.held IS NULL
ORDER BY g.mail_due_at
LIMIT @limit
FOR UPDATE OF g SKIP LOCKED`

	owedHeld = owed + `
  AND g.held IS NOT NULL
  AND g.held_domain <> ALL (@full::text[])
  AND (g.proven OR g.attested AND NOT @asked OR @unattested)
ORDER BY g.proven DESC, g.attested DESC, g.mail_due_at
LIMIT @limit
FOR UPDATE OF g SKIP LOCKED`

	// A network that floods shows itself within seconds; a reader's does not.
	// The newest come first: they still sit before the page. The mask of a
	// network is that of the limits per network.
	owedQuiet = `
WITH recent AS (
    SELECT id, network(set_masklen(ip, CASE family(ip) WHEN 4 THEN 24 ELSE 48 END)) AS network
    FROM signup
    WHERE expires_at > @now::timestamptz - interval '1 hour' + @within::interval
      AND created_at > @now::timestamptz - interval '1 hour'
      AND ip IS NOT NULL
), quiet AS (
    SELECT network
    FROM recent
    GROUP BY network
    HAVING count(*) <= @quiet)` + owed + `
  AND g.held IS NOT NULL
  AND g.attested
  AND g.created_at <= @now::timestamptz - @wait::interval
  AND g.id IN (SELECT id FROM recent JOIN quiet USING (network))
ORDER BY g.proven DESC, g.created_at DESC
LIMIT @limit
FOR UPDATE OF g SKIP LOCKED`

	// The day's one settings mail of a mailbox.
	claimSettings = `
INSERT INTO address_limit (limit_key, kind, at)
SELECT @limit, 'settings', @now
WHERE NOT EXISTS (
    SELECT FROM address_limit
    WHERE limit_key = @limit AND kind = 'settings' AND at > @since)`

	settle = `
UPDATE signup g
SET mail_due_at = CASE WHEN x.held <> '' THEN g.mail_due_at END, held = nullif(x.held, ''), held_domain = nullif(x.domain, '')
FROM unnest(@ids::bigint[], @holds::text[], @domains::text[]) AS x(id, held, domain)
WHERE g.id = x.id`

	countMails = `
INSERT INTO signup_mail AS m (minute, share, domain, count)
SELECT @minute, x.share, x.domain, x.count
FROM unnest(@shares::text[], @domains::text[], @counts::int[]) AS x(share, domain, count)
ON CONFLICT (minute, share, domain) DO UPDATE
SET count = m.count + EXCLUDED.count`

	letGoOfHeld = `
UPDATE signup
SET mail_due_at = NULL, held = 'let go'
WHERE mail_due_at <= @before AND held IS NOT NULL`

	// Not counted further than what matters.
	countHeld = `
SELECT count(*) FILTER (WHERE attested), count(*) FILTER (WHERE NOT attested)
FROM (
    SELECT proven OR attested AND NOT @asked AS attested
    FROM signup
    WHERE mail_due_at IS NOT NULL AND held IS NOT NULL
    LIMIT @limit) AS held`

	setGate = `
UPDATE signup_gate
SET spent_since = @spent, unattested_since = @unattested, empty_since = @empty`

	gateMeter = `
SELECT (SELECT coalesce(sum(count), 0)::int FROM signup_mail WHERE minute >= @since),
       (SELECT count(*)::int FROM signup WHERE mail_due_at IS NOT NULL AND held IS NOT NULL),
       (SELECT count(*)::int FROM signup WHERE held = 'let go' AND expires_at > @now),
       spent_since
FROM signup_gate`

	purgeMailCounts = `
DELETE FROM signup_mail
WHERE minute < @before`

	oweMail = `
UPDATE signup
SET mail_due_at = coalesce(mail_due_at, @now), held = nullif(held, 'let go')
WHERE id = @id`
)
