-- +goose Up
-- What a refusal says about the reader's address, so that refusals on several
-- days can be counted. A mailbox that does not exist is not: one is enough.
ALTER TABLE attempt
    ADD COLUMN charge text NOT NULL DEFAULT ''
        CONSTRAINT attempt_charge_check CHECK (charge IN ('', 'soft', 'hard', 'gone'));
CREATE INDEX attempt_charge_idx ON attempt (subscriber_id, at) WHERE charge IN ('soft', 'hard');
COMMENT ON COLUMN attempt.charge IS 'soft: mailbox full or disabled, or never anything but "later"; hard: refused for good; gone: no such mailbox';

ALTER TABLE suppression
    DROP CONSTRAINT suppression_reason_check,
    ADD CONSTRAINT suppression_reason_check
        CHECK (reason IN ('hard bounce', 'repeated bounces', 'spam report', 'by hand', 'erased', 'not me'));

-- +goose Down
DELETE FROM suppression WHERE reason = 'repeated bounces';
ALTER TABLE suppression
    DROP CONSTRAINT suppression_reason_check,
    ADD CONSTRAINT suppression_reason_check
        CHECK (reason IN ('hard bounce', 'spam report', 'by hand', 'erased', 'not me'));
ALTER TABLE attempt DROP COLUMN charge;
