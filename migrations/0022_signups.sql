-- +goose Up
-- A notice names a sign-up or a subscriber, hardly ever both, and its row is
-- written four times: what is absent is not indexed. It grows when its mail is
-- first made; with room for that on its page no index has to follow it (HOT).
DROP INDEX notice_signup_id_idx, notice_subscriber_id_idx;
CREATE INDEX notice_signup_id_idx ON notice (signup_id) WHERE signup_id IS NOT NULL;
CREATE INDEX notice_subscriber_id_idx ON notice (subscriber_id) WHERE subscriber_id IS NOT NULL;
ALTER TABLE notice SET (fillfactor = 25);

-- +goose Down
ALTER TABLE notice RESET (fillfactor);
DROP INDEX notice_signup_id_idx, notice_subscriber_id_idx;
CREATE INDEX notice_signup_id_idx ON notice (signup_id);
CREATE INDEX notice_subscriber_id_idx ON notice (subscriber_id);
