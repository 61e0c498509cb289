-- +goose Up
-- Mail to the hotline's desk may carry the text, for the holders of the desk's keys alone.

ALTER TABLE hotline
    ADD COLUMN desk_keys text[] NOT NULL DEFAULT '{}'
        CONSTRAINT hotline_desk_keys_check CHECK (array_to_string(desk_keys, ' ') ~ '^(age1[0-9a-z]+( age1[0-9a-z]+)*)?$');
COMMENT ON COLUMN hotline.desk IS 'addresses that are mailed "a new request"';
COMMENT ON COLUMN hotline.desk_keys IS 'age recipients that the text is encrypted to in these mails; none: it is left out. The check keeps secret keys out';

ALTER TABLE notice
    ADD COLUMN hotline_request_id bigint REFERENCES hotline_request ON DELETE CASCADE;
CREATE INDEX notice_hotline_request_id_idx ON notice (hotline_request_id) WHERE hotline_request_id IS NOT NULL;
COMMENT ON COLUMN notice.hotline_request_id IS 'what a desk notice tells of: it may hold the encrypted text, so it is deleted with the request';

-- +goose Down
ALTER TABLE notice DROP COLUMN hotline_request_id;
ALTER TABLE hotline DROP COLUMN desk_keys;
COMMENT ON COLUMN hotline.desk IS 'addresses that are mailed "a new request", without its text';
