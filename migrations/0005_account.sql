-- +goose Up
-- People who work in the admin pages.

CREATE TABLE account (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address         text        NOT NULL,
    address_key     text        NOT NULL CONSTRAINT account_address_key_key UNIQUE,
    name            text        NOT NULL,
    password_hash   text        NOT NULL,
    role            text        NOT NULL
                                CONSTRAINT account_role_check CHECK (role IN ('owner', 'editor', 'viewer')),
    hotline         boolean     NOT NULL DEFAULT false,
    locale          text        NOT NULL,
    created_at      timestamptz NOT NULL,
    seen_at         timestamptz,
    disabled_at     timestamptz
);
COMMENT ON TABLE account IS 'a person who works in the admin pages';

CREATE TABLE sessions (
    token           text        PRIMARY KEY,
    data            bytea       NOT NULL,
    expiry          timestamptz NOT NULL
);
CREATE INDEX sessions_expiry_idx ON sessions (expiry);
COMMENT ON TABLE sessions IS 'log-ins of accounts; name and columns are those of scs'' pgxstore';

CREATE TABLE audit_event (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL,
    account_id      bigint      REFERENCES account,
    act             text        NOT NULL,
    object          text        NOT NULL DEFAULT '',
    detail          jsonb       NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_event_account_id_idx ON audit_event (account_id);
COMMENT ON TABLE audit_event IS 'who did what in the admin pages and on the command line (account_id null)';

-- +goose Down
DROP TABLE audit_event, sessions, account;
