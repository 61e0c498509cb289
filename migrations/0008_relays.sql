-- +goose Up
-- Several relays: who comes first, and how much a day each takes.
ALTER TABLE relay
    ADD COLUMN position int  NOT NULL DEFAULT 0,
    ADD COLUMN day      date,
    ADD COLUMN taken    int  NOT NULL DEFAULT 0,
    DROP CONSTRAINT relay_state_check,
    ADD CONSTRAINT relay_state_check CHECK (state IN ('ready', 'down', 'spent'));
COMMENT ON COLUMN relay.position IS 'of the healthy relays those with the lowest share the mail';
COMMENT ON COLUMN relay.taken IS 'attempts asked for on that day (UTC), counted in their commit: never fewer than were made';
COMMENT ON COLUMN relay.state IS 'spent: the daily limit is used up, a tenth kept for notices';


CREATE INDEX notice_failed_idx ON notice (settled_at) WHERE state = 'failed';
COMMENT ON COLUMN signup.wording IS 'the words shown beside the button; of a form that is not ours, only that';

-- +goose Down
DROP INDEX notice_failed_idx;
UPDATE relay SET state = 'ready' WHERE state = 'spent';
ALTER TABLE relay
    DROP COLUMN position,
    DROP COLUMN day,
    DROP COLUMN taken,
    DROP CONSTRAINT relay_state_check,
    ADD CONSTRAINT relay_state_check CHECK (state IN ('ready', 'down'));
