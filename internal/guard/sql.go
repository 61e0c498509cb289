package guard

// Every statement that writes the guard's row writes into it which transaction
// that is: the view sending_allowed and sqlRecall compare it with xmin, of which
// Postgres keeps the lower 32 bits, also in a frozen row.

const sqlLineage = `
SELECT lineage::text
FROM guard`

const sqlBind = `
INSERT INTO guard (system_identifier, database_oid, written_by)
VALUES (@system, @database, pg_current_xact_id()::text::bigint)
ON CONFLICT (singleton) DO NOTHING`

const sqlRebind = `
UPDATE guard
SET lineage = gen_random_uuid(),
    system_identifier = @system,
    database_oid = @database,
    written_by = pg_current_xact_id()::text::bigint`

const sqlDatabase = `
SELECT oid::bigint
FROM pg_database
WHERE datname = current_database()`

// The lock makes Unlock wait for a raise, whose row it then forgets too.
const sqlRecall = `
SELECT g.lineage::text,
       g.xmin::text::bigint = g.written_by % 4294967296 AS genuine,
       g.system_identifier AS system,
       g.database_oid AS database,
       d.name IS NOT NULL AS joined,
       coalesce(d.mark, 0) AS mark,
       coalesce(d.signature, '') AS signature,
       coalesce(d.signed_before, '') AS signed_before,
       coalesce(d.machine, '') AS machine,
       coalesce(d.file, '') AS file,
       d.seen_at
FROM guard g
LEFT JOIN guard_directory d ON d.name = @name
FOR SHARE OF g`

// What is unknown now, but was known, is kept.
const sqlRaise = `
INSERT INTO guard_directory AS d (name, mark, signature, signed_before, machine, file, seen_at)
VALUES (@name, @mark, @signature, @before, @machine, @file, @now)
ON CONFLICT (name) DO UPDATE
SET mark = EXCLUDED.mark,
    signature = EXCLUDED.signature,
    signed_before = EXCLUDED.signed_before,
    machine = CASE WHEN EXCLUDED.machine = '' THEN d.machine ELSE EXCLUDED.machine END,
    file = CASE WHEN EXCLUDED.file = '' THEN d.file ELSE EXCLUDED.file END,
    seen_at = EXCLUDED.seen_at
WHERE d.signature = @known`

const sqlForgetDirectories = `
DELETE FROM guard_directory`

const sqlSending = `
SELECT s.state, s.reason, s.cause, s.since, coalesce(a.name, '') AS by
FROM sending s
LEFT JOIN account a ON a.id = s.account_id`

const sqlTurn = `
UPDATE sending
SET state = @to,
    reason = @reason,
    cause = '',
    since = @now,
    account_id = nullif(@account::bigint, 0)
WHERE state = @from`

const sqlLock = `
UPDATE sending
SET state = 'locked',
    reason = '',
    cause = @cause,
    since = @now,
    account_id = NULL
WHERE state <> 'locked'`

// Drivers look at the switch when they are woken.
const sqlNotify = `
SELECT pg_notify('vistka_delivery', '')`
