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
