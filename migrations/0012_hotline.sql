-- +goose Up
-- The hotline: callback requests and complaints, apart from everything about newsletters and readers.

CREATE TABLE hotline (
    singleton       boolean     PRIMARY KEY DEFAULT true CONSTRAINT hotline_singleton_check CHECK (singleton),
    open            boolean     NOT NULL DEFAULT false,
    phone           text        NOT NULL DEFAULT '',
    hours           jsonb       NOT NULL DEFAULT '{}',
    elsewhere       jsonb       NOT NULL DEFAULT '{}',
    desk            text[]      NOT NULL DEFAULT '{}',
    desk_locale     text        NOT NULL DEFAULT 'en',
    keep_days       int         NOT NULL DEFAULT 90
                                CONSTRAINT hotline_keep_days_check CHECK (keep_days BETWEEN 1 AND 3650),
    saved_at        timestamptz
);
COMMENT ON TABLE hotline IS 'the hotline''s settings';
COMMENT ON COLUMN hotline.open IS 'the public pages are there; requests that came stay readable in either case';
COMMENT ON COLUMN hotline.hours IS 'when somebody answers the phone, in words: language to text';
COMMENT ON COLUMN hotline.elsewhere IS 'where to go instead of the forms, in words: language to text';
COMMENT ON COLUMN hotline.desk IS 'addresses that are mailed "a new request", without its text';
COMMENT ON COLUMN hotline.keep_days IS 'a request is deleted so many days after it came, whatever its state';
COMMENT ON COLUMN hotline.saved_at IS 'null: nobody has set it up';
INSERT INTO hotline DEFAULT VALUES;

CREATE TABLE hotline_request (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference       text        NOT NULL
                                CONSTRAINT hotline_request_reference_key UNIQUE
                                CONSTRAINT hotline_request_reference_check CHECK (reference ~ '^[0-9]{4}-[0-9]{4}$'),
    digest          bytea       NOT NULL CONSTRAINT hotline_request_digest_key UNIQUE,
    kind            text        NOT NULL
                                CONSTRAINT hotline_request_kind_check CHECK (kind IN ('callback', 'complaint')),
    state           text        NOT NULL DEFAULT 'new'
                                CONSTRAINT hotline_request_state_check CHECK (state IN ('new', 'in progress', 'closed')),
    language        text        NOT NULL,
    name            text        NOT NULL DEFAULT '',
    phone           text        NOT NULL DEFAULT '',
    best_time       text        NOT NULL DEFAULT '',
    subject         text        NOT NULL DEFAULT '',
    text            text        NOT NULL DEFAULT '',
    contact         text        NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    CONSTRAINT hotline_request_filled_check CHECK (
        kind = 'callback' AND phone <> '' AND subject = '' AND text = '' AND contact = ''
        OR kind = 'complaint' AND subject <> '' AND text <> '' AND name = '' AND phone = '' AND best_time = '')
);
CREATE INDEX hotline_request_new_idx ON hotline_request (created_at) WHERE state = 'new';
CREATE INDEX hotline_request_created_at_idx ON hotline_request (created_at);
COMMENT ON TABLE hotline_request IS 'a callback request or a complaint; nothing says from where it came: no address of a machine, no program, no article';
COMMENT ON COLUMN hotline_request.digest IS 'of the words and ten minutes: pressing twice makes one request';
COMMENT ON COLUMN hotline_request.language IS 'in which the person wants to be answered';

CREATE TABLE hotline_note (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id      bigint      NOT NULL REFERENCES hotline_request ON DELETE CASCADE,
    account_id      bigint      NOT NULL REFERENCES account,
    at              timestamptz NOT NULL,
    state           text        CONSTRAINT hotline_note_state_check CHECK (state IN ('new', 'in progress', 'closed')),
    text            text        NOT NULL DEFAULT '',
    CONSTRAINT hotline_note_filled_check CHECK (state IS NOT NULL OR text <> '')
);
CREATE INDEX hotline_note_request_id_idx ON hotline_note (request_id);
CREATE INDEX hotline_note_account_id_idx ON hotline_note (account_id);
COMMENT ON TABLE hotline_note IS 'what the desk did about a request: a new state, a note, or both';

-- Unlogged: neither the salt nor what it hides reaches the log, a base backup or a replica. Both are truncated, not
-- deleted, once their day is over, so that nothing of them stays in the files.
CREATE UNLOGGED TABLE hotline_salt (
    day             date        PRIMARY KEY,
    salt            bytea       NOT NULL
);
COMMENT ON TABLE hotline_salt IS 'the key of a day''s counters; without it they cannot be traced to a network';

CREATE UNLOGGED TABLE hotline_limit (
    limit_key       bytea       NOT NULL,
    bucket          timestamptz NOT NULL,
    count           int         NOT NULL,
    PRIMARY KEY (limit_key, bucket)
);
COMMENT ON TABLE hotline_limit IS 'requests per network in a span of time, by salted hash, shared by replicas, for a day';

-- +goose Down
DROP TABLE hotline_limit, hotline_salt, hotline_note, hotline_request, hotline;
