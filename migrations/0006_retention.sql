-- +goose Up
-- How long an edition may take, and what stays of it when its deliveries are dropped.

ALTER TABLE edition ADD COLUMN reopened_at timestamptz;
ALTER TABLE edition ADD COLUMN dropped_at timestamptz;
COMMENT ON COLUMN edition.reopened_at IS 'when it was last opened again after it had been settled: its age counts from then';
COMMENT ON COLUMN edition.dropped_at IS 'when its deliveries were given up: their numbers stand in edition_total, and no delivery is added to it any more';

CREATE TABLE edition_total (
    edition_id      bigint      NOT NULL REFERENCES edition ON DELETE CASCADE,
    state           text        NOT NULL
                                CONSTRAINT edition_total_state_check CHECK (state IN ('sent', 'failed', 'skipped', 'cancelled')),
    deliveries      bigint      NOT NULL,
    PRIMARY KEY (edition_id, state)
);
COMMENT ON TABLE edition_total IS 'how many deliveries of an old edition were in each state when they were dropped';

-- +goose StatementBegin
CREATE FUNCTION drop_delivery_month(m date) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM edition WHERE month = date_trunc('month', m)::date AND dropped_at IS NULL) THEN
        RAISE EXCEPTION 'deliveries of % are still needed', to_char(m, 'YYYY-MM') USING ERRCODE = 'restrict_violation';
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS %I', 'delivery_' || to_char(m, 'YYYY_MM'));
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION drop_delivery_month IS 'the opposite of ensure_delivery_month, for a month whose editions have their totals kept';

-- +goose Down
DROP FUNCTION drop_delivery_month(date);
DROP TABLE edition_total;
ALTER TABLE edition DROP COLUMN dropped_at, DROP COLUMN reopened_at;
