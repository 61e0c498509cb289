-- +goose Up
-- What one subscribes to, and the feeds it is made of.

CREATE TABLE timezone (
    name text PRIMARY KEY
);
COMMENT ON TABLE timezone IS 'IANA zone names Postgres knows; slots are computed only in zones listed here';
INSERT INTO timezone (name) SELECT name FROM pg_timezone_names WHERE name !~ '^(posix|right)/' ON CONFLICT DO NOTHING;

CREATE TABLE family (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE family IS 'newsletters that are translations of one another; fan-out runs one at a time per family';

CREATE TABLE newsletter (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    family_id       bigint      NOT NULL REFERENCES family,
    slug            text        NOT NULL CONSTRAINT newsletter_slug_key UNIQUE
                                CONSTRAINT newsletter_slug_check CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    name            text        NOT NULL CONSTRAINT newsletter_name_check CHECK (name <> ''),
    description     text        NOT NULL DEFAULT '',
    language        text        NOT NULL,
    from_name       text        NOT NULL,
    from_address    text        NOT NULL,
    reply_to        text        NOT NULL DEFAULT '',
    postal_address  text        NOT NULL DEFAULT '',
    site_url        text        NOT NULL DEFAULT '',
    privacy_url     text        NOT NULL DEFAULT '',
    logo_url        text        NOT NULL DEFAULT '',
    accent          text        NOT NULL DEFAULT '#1f3a68'
                                CONSTRAINT newsletter_accent_check CHECK (accent ~ '^#[0-9a-f]{6}$'),
    origins         text[]      NOT NULL DEFAULT '{}',
    thanks          jsonb       NOT NULL DEFAULT '{}',
    default_cadence text        NOT NULL DEFAULT 'instant'
                                CONSTRAINT newsletter_default_cadence_check
                                CHECK (default_cadence IN ('instant', 'daily', 'weekly', 'monthly')),
    timezone        text        NOT NULL DEFAULT 'UTC' REFERENCES timezone,
    hour            smallint    NOT NULL DEFAULT 8 CONSTRAINT newsletter_hour_check CHECK (hour BETWEEN 0 AND 23),
    grace           interval    NOT NULL DEFAULT '10 minutes',
    late            interval    NOT NULL DEFAULT '6 hours',
    wait            interval    NOT NULL DEFAULT '12 hours',
    welcome         boolean     NOT NULL DEFAULT true,
    last_seq        bigint      NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    archived_at     timestamptz
);
CREATE INDEX newsletter_family_id_idx ON newsletter (family_id);
COMMENT ON TABLE newsletter IS 'a name, a language, a sender and a schedule';
COMMENT ON COLUMN newsletter.last_seq IS 'the seq given last; moves only in the transaction that releases an article';
COMMENT ON COLUMN newsletter.origins IS 'scheme://host[:port] of sites whose forms and return addresses are trusted';
COMMENT ON COLUMN newsletter.thanks IS 'the site''s own words after sign-up, by language code';
COMMENT ON COLUMN newsletter.late IS 'a digest slot missed by more than this is skipped and merged into the next';
COMMENT ON COLUMN newsletter.wait IS 'how long a reader waits for the preferred language of a story';

CREATE TABLE feed (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    url             text        NOT NULL CONSTRAINT feed_url_key UNIQUE,
    title           text        NOT NULL DEFAULT '',
    site_url        text        NOT NULL DEFAULT '',
    state           text        NOT NULL DEFAULT 'active'
                                CONSTRAINT feed_state_check CHECK (state IN ('active', 'paused', 'gone')),
    etag            text        NOT NULL DEFAULT '',
    last_modified   text        NOT NULL DEFAULT '',
    next_poll_at    timestamptz NOT NULL DEFAULT now(),
    polled_at       timestamptz,
    good_at         timestamptz,
    failures        int         NOT NULL DEFAULT 0,
    problem         text        NOT NULL DEFAULT '',
    entries         int         NOT NULL DEFAULT 0,
    poll_interval   interval    NOT NULL DEFAULT '5 minutes',
    moved_to        text        NOT NULL DEFAULT '',
    moved_count     int         NOT NULL DEFAULT 0,
    warning         text        NOT NULL DEFAULT '',
    warning_at      timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX feed_next_poll_at_idx ON feed (next_poll_at) WHERE state = 'active';
COMMENT ON TABLE feed IS 'a site''s RSS, Atom or JSON document; polled once, however many newsletters read it';
COMMENT ON COLUMN feed.poll_interval IS 'adapts to how often the feed has something new';
COMMENT ON COLUMN feed.moved_to IS 'where a permanent redirect leads; followed for good after several sightings on the same site';
COMMENT ON COLUMN feed.warning IS 'what a person should look at though the poll was good: a gap, a move; stays until the next warning';
COMMENT ON COLUMN feed.problem IS 'what is wrong in words a person can act on; empty when the last poll was good';

CREATE TABLE newsletter_feed (
    newsletter_id   bigint      NOT NULL REFERENCES newsletter ON DELETE CASCADE,
    feed_id         bigint      NOT NULL REFERENCES feed ON DELETE CASCADE,
    filters         jsonb       NOT NULL DEFAULT '{}',
    baseline_at     timestamptz,
    PRIMARY KEY (newsletter_id, feed_id)
);
CREATE INDEX newsletter_feed_feed_id_idx ON newsletter_feed (feed_id);
COMMENT ON COLUMN newsletter_feed.baseline_at IS 'when this pair was first polled: what was in the feed then is known, not news';

-- +goose Down
DROP TABLE newsletter_feed, feed, newsletter, family, timezone;
