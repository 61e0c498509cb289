package delivery

// No act takes a sent mail back to one of these states: whichever is in one
// was sent after the last thing that this server had heard.
const sqlSentAgain = `
UPDATE delivery d
SET state = 'sent',
    tries = greatest(d.tries, 1),
    due_at = NULL,
    settled_at = @now,
    reply = 'accepted; the record of it was lost when the database failed over'
FROM unnest(@editions::bigint[], @subscribers::bigint[]) AS n(edition_id, subscriber_id)
JOIN edition e ON e.id = n.edition_id
WHERE d.month = e.month
  AND d.edition_id = n.edition_id
  AND d.subscriber_id = n.subscriber_id
  AND d.state IN ('queued', 'deferred', 'sending', 'in doubt')`

const sqlNoticesSentAgain = `
UPDATE notice
SET state = 'sent',
    tries = greatest(tries, 1),
    settled_at = @now,
    reply = 'accepted; the record of it was lost when the database failed over'
WHERE id = ANY(@ids::bigint[])
  AND state IN ('queued', 'deferred', 'sending', 'in doubt')`
