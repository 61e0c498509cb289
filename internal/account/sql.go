package account

const sqlColumns = `id, address, name, password_hash, role, hotline, locale, created_at, seen_at, disabled_at`

const sqlGet = `
SELECT ` + sqlColumns + `
FROM account
WHERE id = @id`

const sqlByAddress = `
SELECT ` + sqlColumns + `
FROM account
WHERE address_key = @address_key`

const sqlList = `
SELECT ` + sqlColumns + `
FROM account
ORDER BY id`

const sqlOwners = `
SELECT ` + sqlColumns + `
FROM account
WHERE role = 'owner'
  AND disabled_at IS NULL
ORDER BY id`

const sqlEditors = `
SELECT ` + sqlColumns + `
FROM account
WHERE role IN ('editor', 'owner')
  AND disabled_at IS NULL
ORDER BY id`

const sqlInsert = `
INSERT INTO account (address, address_key, name, password_hash, role, hotline, locale, created_at)
VALUES (@address, @address_key, @name, @password_hash, @role, @hotline, @locale, @now)
ON CONFLICT (address_key) DO NOTHING
RETURNING ` + sqlColumns

// sqlEverOwner counts disabled ones: the set-up link, once void, stays void.
const sqlEverOwner = `
SELECT EXISTS (SELECT FROM account WHERE role = 'owner')`

const sqlAnyOwner = `
SELECT EXISTS (SELECT FROM account WHERE role = 'owner' AND disabled_at IS NULL)`

// sqlLock makes acts that depend on the whole set of accounts go one by one.
const sqlLock = `
LOCK TABLE account IN SHARE ROW EXCLUSIVE MODE`

const sqlSeen = `
UPDATE account
SET seen_at = @now
WHERE id = @id`

const sqlSetLocale = `
UPDATE account
SET locale = @locale
WHERE id = @id`

const sqlSetHotline = `
UPDATE account
SET hotline = @hotline
WHERE id = @id`

const sqlSetPassword = `
UPDATE account
SET password_hash = @hash
WHERE id = @id`

const sqlDisable = `
UPDATE account
SET disabled_at = @now
WHERE id = @id
  AND disabled_at IS NULL`

const sqlSpend = `
INSERT INTO request_limit (limit_key, bucket, count)
VALUES (@key, @bucket, 1)
ON CONFLICT (limit_key, bucket) DO UPDATE
SET count = request_limit.count + 1
RETURNING count`

const sqlRefund = `
UPDATE request_limit
SET count = count - 1
WHERE limit_key = ANY (@keys)
  AND bucket = @bucket
  AND count > 0`

const sqlRecord = `
INSERT INTO audit_event (at, account_id, act, object, detail)
VALUES (@at, nullif(@account_id::bigint, 0), @act, @object, @detail)`

const sqlSweepSessions = `
DELETE FROM sessions
WHERE expiry < now()`

const sqlSweepLimits = `
DELETE FROM request_limit
WHERE limit_key LIKE 'login:%'
  AND bucket < @before`
