package delivery

const sqlMaySend = `
SELECT EXISTS (SELECT FROM sending_allowed)`

// A mail that is on its way when the copy is made counts: it is in doubt there.
const sqlPendingEditions = `
SELECT e.id, l.name AS newsletter, e.kind, e.slot, count(*) AS mails
FROM edition e
JOIN newsletter l ON l.id = e.newsletter_id
JOIN delivery d ON d.month = e.month AND d.edition_id = e.id
WHERE e.state = 'open'
  AND (d.state IN ('queued', 'deferred', 'sending') OR d.state = 'in doubt' AND d.due_at IS NOT NULL)
GROUP BY e.id, l.name
ORDER BY e.id`

const sqlPendingNotices = `
SELECT kind, count(*) AS mails
FROM notice
WHERE state IN ('queued', 'deferred', 'sending', 'in doubt')
  AND settled_at IS NULL
GROUP BY kind
ORDER BY kind`
