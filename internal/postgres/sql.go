package postgres

// migrationLock is the key of the advisory lock under which one process at a
// time migrates: "vistka" in ASCII.
const migrationLock int64 = 0x76697374_6b61

const (
	sqlLockMigrations = `
SELECT pg_advisory_xact_lock($1)`

	sqlCreateRiverSchema = `
CREATE SCHEMA IF NOT EXISTS river`

	sqlVersionTables = `
SELECT to_regclass('goose_db_version') IS NOT NULL,
       to_regclass('river.river_migration') IS NOT NULL`

	sqlVersion = `
SELECT coalesce(max(version_id), 0)
FROM goose_db_version
WHERE is_applied`

	sqlRiverVersion = `
SELECT coalesce(max(version), 0)
FROM river.river_migration
WHERE line = 'main'`

	// The first word of server_version: packagers add their own behind it.
	sqlSettings = `
SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
       current_setting('fsync')::boolean AS fsync,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('full_page_writes')::boolean AS full_page_writes,
       current_setting('data_checksums')::boolean AS data_checksums`

	sqlMayReadControl = `
SELECT has_function_privilege('pg_control_system()', 'EXECUTE')`

	sqlSystemIdentifier = `
SELECT system_identifier::text
FROM pg_control_system()`

	sqlMayReadTimeline = `
SELECT has_function_privilege('pg_walfile_name(pg_lsn)', 'EXECUTE') AND has_function_privilege('pg_current_wal_lsn()', 'EXECUTE')`

	sqlTimeline = `
SELECT ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint`
)

// Four times as many pages; of those of a small table any plan makes short work.
const sqlGrown = `
SELECT c.oid::regclass::text
FROM unnest(@tables::text[]) AS t (name)
JOIN pg_class c ON c.oid = t.name::regclass
WHERE pg_relation_size(c.oid) > 4 * greatest(c.relpages, 4) * current_setting('block_size')::bigint`
