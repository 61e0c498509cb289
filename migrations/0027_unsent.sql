-- +goose Up
-- The archive asks at each request whether a correction that was cancelled has reached
-- anybody. Where it has not, that was a look at every one of its deliveries: 10 ms for a
-- hundred thousand. Adding the column reads no row; of what was cancelled before it,
-- the deliveries are still looked at.
ALTER TABLE edition ADD COLUMN unsent boolean NOT NULL DEFAULT false
    CONSTRAINT edition_unsent_check CHECK (state = 'cancelled' OR NOT unsent);
COMMENT ON COLUMN edition.unsent IS 'a correction that was cancelled when all its deliveries were, or were skipped: nobody has it, and nobody will';

-- +goose Down
ALTER TABLE edition DROP COLUMN unsent;
