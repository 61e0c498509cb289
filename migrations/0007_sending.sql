-- +goose Up
-- Whether mail may go out, and what tells a copy of this database from the original: docs/adr/0011-clone-guard.md.

CREATE TABLE sending (
    singleton       boolean     PRIMARY KEY DEFAULT true CONSTRAINT sending_singleton_check CHECK (singleton),
    state           text        NOT NULL DEFAULT 'on'
                                CONSTRAINT sending_state_check CHECK (state IN ('on', 'stopped', 'locked')),
    reason          text        NOT NULL DEFAULT '',
    cause           text        NOT NULL DEFAULT ''
                                CONSTRAINT sending_cause_check
                                CHECK (cause IN ('', 'restored', 'moved database', 'rolled back', 'moved directory', 'copied directory')),
    since           timestamptz NOT NULL,
    account_id      bigint      REFERENCES account,
    CONSTRAINT sending_locked_check CHECK ((state = 'locked') = (cause <> ''))
);
CREATE INDEX sending_account_id_idx ON sending (account_id);
COMMENT ON TABLE sending IS 'the switch of all mail: while it is not on, no attempt is committed';
COMMENT ON COLUMN sending.reason IS 'why a person stopped it, in that person''s words';
COMMENT ON COLUMN sending.cause IS 'locked: what made this look like a copy';
COMMENT ON COLUMN sending.account_id IS 'who stopped or started it in the admin pages; null: the command line or the guard';
INSERT INTO sending (since) VALUES (now());

CREATE TABLE guard (
    singleton           boolean PRIMARY KEY DEFAULT true CONSTRAINT guard_singleton_check CHECK (singleton),
    lineage             uuid    NOT NULL DEFAULT gen_random_uuid(),
    system_identifier   text    NOT NULL,
    database_oid        bigint  NOT NULL,
    written_by          bigint  NOT NULL
);
COMMENT ON TABLE guard IS 'where this database was when a person last said, or nobody doubted, that it is the original';
COMMENT ON COLUMN guard.lineage IS 'the same in every copy, another one after each unlocking: nothing remembered under one counts for another';
COMMENT ON COLUMN guard.system_identifier IS 'of the cluster, made by initdb; empty where it may not be read';
COMMENT ON COLUMN guard.written_by IS 'the transaction that wrote this row: xmin of the original, and of no row that a restore has written';

CREATE TABLE guard_directory (
    name            text        PRIMARY KEY,
    mark            bigint      NOT NULL,
    signature       text        NOT NULL,
    signed_before   text        NOT NULL,
    machine         text        NOT NULL,
    file            text        NOT NULL,
    seen_at         timestamptz NOT NULL
);
COMMENT ON TABLE guard_directory IS 'the data directories that work with this database, each with the mark it should hold';
COMMENT ON COLUMN guard_directory.mark IS 'rises while a process runs, and is then written into the directory';
COMMENT ON COLUMN guard_directory.signature IS 'of the process that raised the mark, so that two copies cannot both follow it';
COMMENT ON COLUMN guard_directory.machine IS 'hash of the machine''s id; empty where it has none';
COMMENT ON COLUMN guard_directory.file IS 'number of the mark''s file on its disk; empty where disks give no lasting ones';

-- +goose StatementBegin
CREATE FUNCTION may_send() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM sending WHERE state = 'on')
       AND NOT EXISTS (
           SELECT FROM guard
           WHERE xmin::text::bigint <> written_by % 4294967296
              OR database_oid <> (SELECT oid::bigint FROM pg_database WHERE datname = current_database()))
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION may_send IS 'asked by every statement that commits an attempt: the switch, and that this is no restored dump, whether or not anybody has noticed yet';

-- +goose Down
DROP FUNCTION may_send();
DROP TABLE guard_directory, guard, sending;
