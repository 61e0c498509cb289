-- +goose Up
-- What a sign-up is answered with is owed by its row, and counted when it is made: one budget for all processes.

ALTER TABLE signup
    ADD COLUMN mail_due_at timestamptz,
    ADD COLUMN held text CONSTRAINT signup_held_check CHECK (held IN ('site', 'domain', 'let go')),
    ADD COLUMN held_domain text,
    ADD CONSTRAINT signup_held_due_check CHECK (held IS NULL OR (held = 'let go') = (mail_due_at IS NULL));
CREATE INDEX signup_mail_due_at_idx ON signup (mail_due_at) WHERE mail_due_at IS NOT NULL AND held IS NULL;
CREATE INDEX signup_held_idx ON signup (attested DESC, mail_due_at) WHERE mail_due_at IS NOT NULL AND held IS NOT NULL;
COMMENT ON COLUMN signup.mail_due_at IS 'since when a mail is owed as the answer; null: answered, or nothing is to be mailed';
COMMENT ON COLUMN signup.held IS 'what the owed mail waits for: the site''s hourly budget, the share of its recipient''s domain; or that it waited too long and was let go';
COMMENT ON COLUMN signup.held_domain IS 'the registrable domain of a held one''s address';

-- Both are written with every sign-up, and hardly ever read.
DROP INDEX signup_subscriber_id_idx;
CREATE INDEX signup_subscriber_id_idx ON signup (subscriber_id) WHERE subscriber_id IS NOT NULL;
DROP INDEX address_limit_at_idx;
CREATE INDEX address_limit_at_idx ON address_limit USING brin (at);

CREATE TABLE signup_mail (
    minute          timestamptz NOT NULL,
    share           text        NOT NULL CONSTRAINT signup_mail_share_check CHECK (share IN ('attested', 'unattested', 'reserve')),
    domain          text        NOT NULL,
    count           int         NOT NULL,
    PRIMARY KEY (minute, share, domain)
);
COMMENT ON TABLE signup_mail IS 'mails made in answer to sign-ups, by minute, share of the budget and registrable domain; logged, so that a crash does not refill the budget';

CREATE TABLE signup_gate (
    singleton        boolean     PRIMARY KEY DEFAULT true CONSTRAINT signup_gate_singleton_check CHECK (singleton),
    spent_since      timestamptz,
    unattested_since timestamptz
);
COMMENT ON TABLE signup_gate IS 'one row: whether the budget of confirmation mails is spent. Who answers sign-ups holds its lock, so that the budget is counted by one at a time';
COMMENT ON COLUMN signup_gate.spent_since IS 'attack mode: since when mails are held because the site''s budget is spent';
COMMENT ON COLUMN signup_gate.unattested_since IS 'since when the share of posts that prove nothing is spent';
INSERT INTO signup_gate DEFAULT VALUES;

ALTER TABLE alert DROP CONSTRAINT alert_cause_check;
ALTER TABLE alert ADD CONSTRAINT alert_cause_check
    CHECK (cause IN ('relay_refused', 'relay_down', 'sender_refused', 'edition_paused', 'edition_unmade',
                     'sending_locked', 'feed_failing', 'feed_gone', 'doubt_held', 'budget_spent'));

-- +goose Down
DELETE FROM alert WHERE cause = 'budget_spent';
ALTER TABLE alert DROP CONSTRAINT alert_cause_check;
ALTER TABLE alert ADD CONSTRAINT alert_cause_check
    CHECK (cause IN ('relay_refused', 'relay_down', 'sender_refused', 'edition_paused', 'edition_unmade',
                     'sending_locked', 'feed_failing', 'feed_gone', 'doubt_held'));
DROP TABLE signup_gate, signup_mail;
DROP INDEX signup_subscriber_id_idx, address_limit_at_idx;
CREATE INDEX signup_subscriber_id_idx ON signup (subscriber_id);
CREATE INDEX address_limit_at_idx ON address_limit (at);
DROP INDEX signup_held_idx, signup_mail_due_at_idx;
ALTER TABLE signup DROP CONSTRAINT signup_held_due_check, DROP COLUMN held_domain, DROP COLUMN held, DROP COLUMN mail_due_at;
