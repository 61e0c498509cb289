-- +goose Up
-- Proof of work: whoever did some draws on the whole budget of confirmation mails, and each piece of work counts once.

CREATE TABLE proof_used (
    challenge       bytea       PRIMARY KEY CONSTRAINT proof_used_challenge_check CHECK (octet_length(challenge) = 32),
    expires_at      timestamptz NOT NULL
);
COMMENT ON TABLE proof_used IS 'challenges whose solution was taken, until they expire: one that is handed in again counts nothing. Logged, so that none counts twice after a crash either';

ALTER TABLE signup ADD COLUMN proven boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN signup.proven IS 'work was done for it, or it was asked for by a link that was mailed';
DROP INDEX signup_held_idx;
CREATE INDEX signup_held_idx ON signup (proven DESC, attested DESC, mail_due_at) WHERE mail_due_at IS NOT NULL AND held IS NOT NULL;

ALTER TABLE signup_gate ADD COLUMN empty_since timestamptz;
COMMENT ON COLUMN signup_gate.empty_since IS 'since when the hour''s budget has no room at all, the reserve apart';

-- +goose Down
ALTER TABLE signup_gate DROP COLUMN empty_since;
DROP INDEX signup_held_idx;
ALTER TABLE signup DROP COLUMN proven;
CREATE INDEX signup_held_idx ON signup (attested DESC, mail_due_at) WHERE mail_due_at IS NOT NULL AND held IS NOT NULL;
DROP TABLE proof_used;
