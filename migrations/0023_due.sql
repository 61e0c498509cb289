-- +goose Up
-- What waits for another try is read each second, edition by edition: however
-- much of it lies in editions that are paused, it costs nothing.
CREATE INDEX delivery_edition_id_due_at_idx ON delivery (edition_id, due_at) WHERE due_at IS NOT NULL;
DROP INDEX delivery_due_at_idx;

-- +goose Down
CREATE INDEX delivery_due_at_idx ON delivery (due_at) WHERE due_at IS NOT NULL;
DROP INDEX delivery_edition_id_due_at_idx;
