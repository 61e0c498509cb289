-- +goose Up
-- Mails about a change of address name no reader but the change, in their content:
-- "what was sent to you" looks them up by it. They are few, so the index is small.
-- Making it reads the table once and keeps writers out meanwhile: under a second
-- for a million notices.
CREATE INDEX notice_change_idx ON notice (((content ->> 'change')::bigint)) WHERE kind = 'link' AND (content ->> 'change')::bigint IS NOT NULL;

-- +goose Down
DROP INDEX notice_change_idx;
