package main

// before an article is published: the newsletter's last edition.
const sqlLastEdition = `
SELECT coalesce(max(e.id), 0)
FROM newsletter n
LEFT JOIN edition e ON e.newsletter_id = n.id
WHERE n.slug = @newsletter`

// progress is asked for all the time while an edition goes out, so it looks at
// single rows only.
const sqlProgress = `
SELECT coalesce(f.head >= n.last_seq AND e.id IS NOT NULL, false) AS fanned, coalesce(e.state = 'settled', false) AS settled
FROM newsletter n
LEFT JOIN fan_out f ON f.newsletter_id = n.id
LEFT JOIN edition e ON e.newsletter_id = n.id AND e.id > @after
WHERE n.slug = @newsletter`

// The ledger's own account of an edition, once it is over.
const sqlAccount = `
SELECT a.released_at, min(d.settled_at), max(d.settled_at), count(*), count(*) FILTER (WHERE d.state = 'sent')
FROM newsletter n
JOIN edition e ON e.newsletter_id = n.id AND e.id > @after
JOIN article a ON a.id = e.article_ids[1]
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
WHERE n.slug = @newsletter
GROUP BY a.released_at`

const sqlNow = `SELECT clock_timestamp()`

// The lease of a relay, held as another replica's driver would, so that an
// edition's deliveries are all there before the first is sent.
const (
	sqlHoldRelay = `
INSERT INTO relay (name, holder, lease_until)
VALUES (@name, 'vistka-bench', 'infinity')
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, fence = relay.fence + 1, lease_until = excluded.lease_until`

	sqlLetGoRelay = `
UPDATE relay
SET lease_until = '-infinity'
WHERE name = @name AND holder = 'vistka-bench'`
)

// sqlForget ends every edition without sending what is left of it.
var sqlForget = []string{
	`TRUNCATE delivery`,
	`UPDATE edition SET state = 'settled' WHERE state = 'open'`,
}

// sqlCopies makes tables like those of a fan-out, without anybody's triggers
// or foreign keys.
var sqlCopies = []string{
	`DROP TABLE IF EXISTS bench_subscription, bench_delivery`,
	`CREATE TABLE bench_subscription (LIKE subscription INCLUDING ALL) WITH (fillfactor = 50)`,
	`INSERT INTO bench_subscription SELECT * FROM subscription`,
	`CREATE TABLE bench_delivery (LIKE delivery INCLUDING ALL) WITH (fillfactor = 45)`,
}

const sqlOneStatement = `
WITH moved AS (
    UPDATE bench_subscription
    SET seen_seq = seen_seq + 1
    RETURNING subscriber_id, newsletter_id, provider_id)
INSERT INTO bench_delivery (month, edition_id, subscriber_id, newsletter_id, provider_id, state)
SELECT date_trunc('month', now()), 1, subscriber_id, newsletter_id, provider_id, 'queued'
FROM moved`

// sqlExport gives the columns of a CSV export without what makes their cells
// safe in a spreadsheet.
const sqlExport = `
SELECT r.address, n.slug AS newsletter,
       CASE WHEN s.state = 'ended' THEN 'ended' WHEN s.paused_until > now() THEN 'paused' ELSE 'active' END AS status,
       s.cadence, s.locale AS language, s.zone AS timezone, s.hour, s.created_at::timestamptz(0) AS subscribed_at,
       s.paused_until::timestamptz(0) AS paused_until, s.ended_at::timestamptz(0) AS ended_at, s.end_source, p.reason AS suppressed
FROM subscription s
JOIN newsletter n ON n.id = s.newsletter_id
JOIN subscriber r ON r.id = s.subscriber_id
LEFT JOIN suppression p ON p.address_hash = r.address_hash
WHERE n.slug = 'export'`

const sqlLastSignup = `SELECT coalesce(max(id), 0) FROM signup`

// How many sign-ups there are, how many confirmations the relay has, and how
// long it took until 99 of 100 were there.
const sqlConfirmations = `
SELECT count(*), count(n.settled_at),
    percentile_disc(0.99) WITHIN GROUP (ORDER BY extract(epoch FROM n.settled_at - g.created_at)::float8)
FROM signup g
LEFT JOIN notice n ON n.signup_id = g.id AND n.kind = 'confirmation' AND n.state = 'sent'
WHERE g.id > @after`

const (
	sqlCommitDrop  = `DROP TABLE IF EXISTS bench_commit`
	sqlCommitTable = `
CREATE TABLE bench_commit (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address text NOT NULL)`
	sqlCommit = `INSERT INTO bench_commit (address) VALUES ($1)`
)

// sqlForgetMails gives a budget back.
const sqlForgetMails = `WITH a AS (DELETE FROM signup_mail), b AS (DELETE FROM notice) UPDATE signup SET mail_due_at = NULL, held = NULL`

const sqlMailedTo = `
SELECT EXISTS (
    SELECT FROM signup g
    JOIN notice n ON n.signup_id = g.id
    WHERE g.address = @address AND n.state = 'sent')`

// Answers that are not out yet, and those that are.
const sqlAnswerMails = `
SELECT (SELECT count(*) FROM signup WHERE mail_due_at IS NOT NULL AND held IS NULL)
         + count(*) FILTER (WHERE state NOT IN ('sent', 'cancelled', 'failed')),
       count(*) FILTER (WHERE state = 'sent')
FROM notice
WHERE kind IN ('confirmation', 'settings')`

const sqlSeeded = `
SELECT r.address
FROM subscriber r
JOIN subscription s ON s.subscriber_id = r.id
JOIN newsletter n ON n.id = s.newsletter_id
WHERE n.slug = @newsletter
ORDER BY r.id`

// Of each four readers, in the order of sqlSeeded: active, ended, suppressed by
// hand, bounced.
const (
	sqlEndSome = `
WITH r AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM subscriber)
UPDATE subscription s
SET state = 'ended', ended_at = now(), end_source = 'page'
FROM r
WHERE r.id = s.subscriber_id AND r.n % 4 = 1`
	sqlSuppressSome = `
INSERT INTO suppression (address_hash, reason, at)
SELECT address_hash, CASE n % 4 WHEN 2 THEN 'by hand' ELSE 'hard bounce' END, now()
FROM (SELECT address_hash, row_number() OVER (ORDER BY id) - 1 AS n FROM subscriber) r
WHERE n % 4 IN (2, 3)`
)
