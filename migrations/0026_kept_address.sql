-- +goose Up
-- Whoever keeps their address from their mailbox closes the links to their data that
-- were mailed until then: one of them made the wish. Adding the column reads no row.
ALTER TABLE subscriber ADD COLUMN kept_at timestamptz;
COMMENT ON COLUMN subscriber.kept_at IS 'when a change of address was last stopped from the mailbox; links to the data that were mailed until then open nothing';

-- +goose Down
ALTER TABLE subscriber DROP COLUMN kept_at;
