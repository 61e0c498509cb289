-- +goose Up
-- The same question as a view: a statement that asks it is planned with it, and
-- needs no function's own query in each record of the sender.
CREATE VIEW sending_allowed AS
SELECT state
FROM sending
WHERE state = 'on'
  AND NOT EXISTS (
      SELECT FROM guard
      WHERE xmin::text::bigint <> written_by % 4294967296
         OR database_oid <> (SELECT oid::bigint FROM pg_database WHERE datname = current_database()));
COMMENT ON VIEW sending_allowed IS 'one row while attempts may be committed: the switch is on, and this is no restored dump, whether or not anybody has noticed yet';

-- Processes of the version before, which may run beside those of this one, ask it still.
COMMENT ON FUNCTION may_send IS 'what sending_allowed says, for processes that do not know it yet';
COMMENT ON COLUMN relay.taken IS 'attempts of that day (UTC). With a daily limit they are counted in their commit, those that were not granted too: never fewer than were made; without, when the lease is renewed';

-- +goose Down
COMMENT ON FUNCTION may_send IS 'asked by every statement that commits an attempt: the switch, and that this is no restored dump, whether or not anybody has noticed yet';
COMMENT ON COLUMN relay.taken IS 'attempts asked for on that day (UTC), counted in their commit: never fewer than were made';
DROP VIEW sending_allowed;
