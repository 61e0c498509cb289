-- +goose Up
-- How long an edition may take, and what stays of it when its deliveries are dropped.

ALTER TABLE edition ADD COLUMN reopened_at timestamptz;
COMMENT ON COLUMN edition.reopened_at IS 'when it was last opened again after it had been settled: its age counts from then';

-- +goose Down
ALTER TABLE edition DROP COLUMN reopened_at;
