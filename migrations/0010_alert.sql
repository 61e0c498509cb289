-- +goose Up
-- When the owners were last told of what, so that one trouble makes one mail.
CREATE TABLE alert (
    cause           text        NOT NULL
                                CONSTRAINT alert_cause_check
                                CHECK (cause IN ('relay_refused', 'relay_down', 'sender_refused', 'edition_paused', 'edition_unmade',
                                                 'sending_locked', 'feed_failing', 'feed_gone', 'doubt_held')),
    object          text        NOT NULL,
    last_at         timestamptz NOT NULL,
    PRIMARY KEY (cause, object)
);
COMMENT ON TABLE alert IS 'what the owners were told of by mail, and when last';
COMMENT ON COLUMN alert.object IS 'what it concerns: a relay''s name, a sender''s address, the number of an edition or a feed; empty where there is only one';
COMMENT ON COLUMN relay.problem_at IS 'since when it stands in its present state with a problem';

-- +goose Down
COMMENT ON COLUMN relay.problem_at IS NULL;
DROP TABLE alert;
