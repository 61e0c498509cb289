-- +goose Up
-- What readers do on their own pages beyond settings: a change of address; and the public archive.

ALTER TABLE newsletter ADD COLUMN public_archive boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN newsletter.public_archive IS 'what was mailed can be read by everybody under /archive/';

CREATE TABLE address_change (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber_id   bigint      NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    locale          text        NOT NULL,
    state           text        NOT NULL DEFAULT 'waiting'
                                CONSTRAINT address_change_state_check CHECK (state IN ('waiting', 'done', 'cancelled')),
    address         text,
    address_key     text,
    old_hash        bytea       NOT NULL,
    asked_at        timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    CONSTRAINT address_change_address_check CHECK ((state = 'waiting') = (address IS NOT NULL) AND (address IS NULL) = (address_key IS NULL)),
    CONSTRAINT address_change_settled_at_check CHECK ((state = 'waiting') = (settled_at IS NULL))
);
CREATE UNIQUE INDEX address_change_waiting_key ON address_change (subscriber_id) WHERE state = 'waiting';
CREATE INDEX address_change_subscriber_id_idx ON address_change (subscriber_id);
CREATE INDEX address_change_newsletter_id_idx ON address_change (newsletter_id);
CREATE INDEX address_change_address_key_idx ON address_change (address_key) WHERE state = 'waiting';
COMMENT ON TABLE address_change IS 'a reader''s wish for another address: waits until the new mailbox confirms it or the old one cancels it';
COMMENT ON COLUMN address_change.newsletter_id IS 'from whose pages it was asked; the change holds for all of the person''s subscriptions';
COMMENT ON COLUMN address_change.address IS 'the new one, only while it waits: nobody has agreed to its being kept';
COMMENT ON COLUMN address_change.old_hash IS 'of the address until then: the proof of consent before settled_at stands under it';

-- +goose Down
DROP TABLE address_change;
ALTER TABLE newsletter DROP COLUMN public_archive;
