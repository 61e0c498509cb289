-- +goose Up
-- Who asked for what, and the proof of it.

CREATE TABLE secret_key (
    fingerprint     text        PRIMARY KEY,
    first_seen_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE secret_key IS 'fingerprints of the secrets this database has worked with; a start without the newest known one is refused';

CREATE TABLE address_key (
    singleton       boolean     PRIMARY KEY DEFAULT true CONSTRAINT address_key_singleton_check CHECK (singleton),
    fingerprint     text        NOT NULL REFERENCES secret_key,
    wrapped         bytea       NOT NULL
);
COMMENT ON TABLE address_key IS 'the key of address hashes, encrypted by the newest secret: hashes survive rotation and say nothing to a thief of a dump';

CREATE TABLE provider (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    domain          text        NOT NULL CONSTRAINT provider_domain_key UNIQUE
);
COMMENT ON TABLE provider IS 'registrable domains of addresses; back-off is per provider';

CREATE TABLE subscriber (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address         text        NOT NULL,
    address_key     text        NOT NULL CONSTRAINT subscriber_address_key_key UNIQUE,
    address_hash    bytea       NOT NULL CONSTRAINT subscriber_address_hash_key UNIQUE,
    provider_id     bigint      NOT NULL REFERENCES provider,
    locale          text        NOT NULL,
    created_at      timestamptz NOT NULL
);
CREATE INDEX subscriber_provider_id_idx ON subscriber (provider_id);
COMMENT ON TABLE subscriber IS 'a person known by one confirmed address';
COMMENT ON COLUMN subscriber.address IS 'as typed; address_key is the NFC form with a lower-case A-label domain';

CREATE TABLE subscription (
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    subscriber_id   bigint      NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    state           text        NOT NULL
                                CONSTRAINT subscription_state_check CHECK (state IN ('active', 'ended')),
    cadence         text        NOT NULL
                                CONSTRAINT subscription_cadence_check
                                CHECK (cadence IN ('instant', 'daily', 'weekly', 'monthly')),
    topics          text[],
    locale          text        NOT NULL,
    zone            text        NOT NULL REFERENCES timezone,
    hour            smallint    NOT NULL CONSTRAINT subscription_hour_check CHECK (hour BETWEEN 0 AND 23),
    seen_seq        bigint      NOT NULL,
    paused_until    timestamptz,
    due_at          timestamptz,
    provider_id     bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    ended_at        timestamptz,
    end_source      text,
    PRIMARY KEY (newsletter_id, subscriber_id),
    CONSTRAINT subscription_ended_at_check CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) WITH (fillfactor = 70);
CREATE INDEX subscription_subscriber_id_idx ON subscription (subscriber_id);
CREATE INDEX subscription_due_at_idx ON subscription (newsletter_id, due_at) WHERE state = 'active' AND due_at IS NOT NULL;
COMMENT ON TABLE subscription IS 'a standing request for one newsletter; paused is active with paused_until in the future';
COMMENT ON COLUMN subscription.seen_seq IS 'high-water mark: every released article up to it is settled for this reader. Never falls, not indexed (updates stay HOT)';
COMMENT ON COLUMN subscription.topics IS 'sorted; null means all';
COMMENT ON COLUMN subscription.due_at IS 'the next slot; for instant null, or when a pause ends or something owed falls due';

CREATE TABLE signup (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    address         text        NOT NULL,
    address_key     text        NOT NULL,
    locale          text        NOT NULL,
    generation      int         NOT NULL DEFAULT 1,
    article_url     text        NOT NULL DEFAULT '',
    page_url        text        NOT NULL DEFAULT '',
    wording         text        NOT NULL,
    attested        boolean     NOT NULL DEFAULT false,
    ip              inet,
    user_agent      text        NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    confirmed_at    timestamptz,
    subscriber_id   bigint      REFERENCES subscriber ON DELETE SET NULL,
    code_tries      int         NOT NULL DEFAULT 0,
    CONSTRAINT signup_newsletter_id_address_key_key UNIQUE (newsletter_id, address_key)
);
CREATE INDEX signup_expires_at_idx ON signup (expires_at);
CREATE INDEX signup_subscriber_id_idx ON signup (subscriber_id);
COMMENT ON TABLE signup IS 'a request made on a form, until confirmed or expired; its link and code are HMACs over id and generation';
COMMENT ON COLUMN signup.wording IS 'name and version of the words shown beside the button';

CREATE TABLE signup_count (
    day             date        NOT NULL,
    newsletter_id   bigint      NOT NULL REFERENCES newsletter ON DELETE CASCADE,
    article_url     text        NOT NULL DEFAULT '',
    requested       bigint      NOT NULL DEFAULT 0,
    confirmed       bigint      NOT NULL DEFAULT 0,
    expired         bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (day, newsletter_id, article_url)
);
CREATE INDEX signup_count_newsletter_id_idx ON signup_count (newsletter_id);
COMMENT ON TABLE signup_count IS 'what stays of sign-ups after they are purged';

CREATE TABLE consent_event (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address_hash    bytea       NOT NULL,
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    kind            text        NOT NULL
                                CONSTRAINT consent_event_kind_check
                                CHECK (kind IN ('requested', 'confirmed', 'changed', 'withdrawn', 'restored', 'imported', 'erased')),
    source          text        NOT NULL,
    wording         text        NOT NULL DEFAULT '',
    locale          text        NOT NULL DEFAULT '',
    at              timestamptz NOT NULL
);
CREATE INDEX consent_event_address_hash_idx ON consent_event (address_hash);
CREATE INDEX consent_event_newsletter_id_idx ON consent_event (newsletter_id);
COMMENT ON TABLE consent_event IS 'append-only proof of what was agreed to; who, where and how stands in consent_person and can be erased';

CREATE TABLE consent_person (
    event_id        bigint      PRIMARY KEY REFERENCES consent_event,
    address         text        NOT NULL,
    page_url        text        NOT NULL DEFAULT '',
    ip              inet,
    user_agent      text        NOT NULL DEFAULT ''
);
COMMENT ON TABLE consent_person IS 'what identifies a person beside a consent event';

-- +goose StatementBegin
CREATE FUNCTION consent_event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'consent_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER consent_event_append_only BEFORE UPDATE OR DELETE ON consent_event
    FOR EACH ROW EXECUTE FUNCTION consent_event_is_append_only();
CREATE TRIGGER consent_event_no_truncate BEFORE TRUNCATE ON consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION consent_event_is_append_only();

CREATE TABLE suppression (
    address_hash    bytea       PRIMARY KEY,
    reason          text        NOT NULL
                                CONSTRAINT suppression_reason_check
                                CHECK (reason IN ('hard bounce', 'spam report', 'by hand', 'erased', 'not me')),
    detail          text        NOT NULL DEFAULT '',
    at              timestamptz NOT NULL
);
COMMENT ON TABLE suppression IS 'addresses that are never mailed, by keyed hash, so that an erased person stays suppressed without being stored';

CREATE TABLE address_limit (
    limit_key       bytea       NOT NULL,
    kind            text        NOT NULL,
    at              timestamptz NOT NULL
);
CREATE INDEX address_limit_limit_key_kind_at_idx ON address_limit (limit_key, kind, at DESC);
CREATE INDEX address_limit_at_idx ON address_limit (at);
COMMENT ON TABLE address_limit IS 'mails asked for per address, spellings folded, by keyed hash; logged, so that a crash does not reset it';

CREATE UNLOGGED TABLE request_limit (
    limit_key       text        NOT NULL,
    bucket          timestamptz NOT NULL,
    count           int         NOT NULL,
    PRIMARY KEY (limit_key, bucket)
);
COMMENT ON TABLE request_limit IS 'requests per network or account in a span of time, shared by replicas; may be lost in a crash';

-- +goose Down
DROP TABLE request_limit, address_limit, suppression, consent_person, consent_event, signup_count, signup, subscription, subscriber, provider, address_key, secret_key;
DROP FUNCTION consent_event_is_append_only();
