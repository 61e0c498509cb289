package edition

const (
	// The names that ensure_delivery_month gives.
	sqlMonthsBefore = `
SELECT to_date(substr(c.relname, 10), 'YYYY_MM') AS month
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'delivery'::regclass
    AND to_date(substr(c.relname, 10), 'YYYY_MM') < @month::date
ORDER BY month`

	sqlForgetSlots = `
DELETE FROM missed_slot
WHERE slot < @month::timestamp AT TIME ZONE 'UTC'`

	sqlHoldMonth = `
SELECT id
FROM edition
WHERE month = @month AND dropped_at IS NULL
ORDER BY id
FOR UPDATE`

	sqlUnsettled = `
SELECT EXISTS (
    SELECT FROM delivery
    WHERE month = @month AND state IN ('queued', 'deferred', 'sending', 'in doubt'))`

	sqlKeepTotals = `
INSERT INTO edition_total (edition_id, state, deliveries)
SELECT e.id, d.state, count(*)
FROM delivery d
JOIN edition e ON e.id = d.edition_id AND e.month = d.month AND e.dropped_at IS NULL
WHERE d.month = @month
GROUP BY e.id, d.state`

	sqlCloseMonth = `
UPDATE edition
SET dropped_at = @now, state = CASE WHEN state IN ('open', 'paused') THEN 'settled' ELSE state END
WHERE month = @month AND dropped_at IS NULL`

	sqlShortWait = `SET LOCAL lock_timeout = '3s'`

	sqlDropMonth = `SELECT drop_delivery_month(@month)`

	sqlDropAttempts = `
DELETE FROM attempt
WHERE month = @month`
)
