package delivery

// Decides whether a trouble is told of now, and by whose sender: by its own
// newsletter's, save where that sender is what is refused. Without a newsletter
// there is no mail.
const sqlAlertDue = `
WITH sender AS (
    SELECT id
    FROM newsletter
    WHERE archived_at IS NULL
    ORDER BY from_address = @refused::text, id <> @newsletter::bigint, id
    LIMIT 1
), due AS (
    INSERT INTO alert AS a (cause, object, last_at)
    SELECT @cause::text, @object::text, @now::timestamptz
    FROM sender
    ON CONFLICT (cause, object) DO UPDATE
    SET last_at = EXCLUDED.last_at
    WHERE a.last_at <= EXCLUDED.last_at - @quiet::interval
      AND NOT EXISTS (
          SELECT FROM notice n
          WHERE n.state IN ('queued', 'deferred')
            AND n.kind = 'alert'
            AND n.content->>'subject' = @subject::text)
    RETURNING cause
)
SELECT sender.id
FROM sender, due`

const sqlRelayDown = `
SELECT problem, problem_at
FROM relay
WHERE id = @relay
  AND fence = @fence
  AND state = 'down'
  AND problem_at IS NOT NULL`

const sqlDoubtHeld = `
SELECT EXISTS (SELECT FROM delivery WHERE doubts > 0 AND state = 'in doubt' AND due_at IS NULL)
    OR EXISTS (SELECT FROM notice WHERE state = 'in doubt' AND settled_at IS NOT NULL)`
