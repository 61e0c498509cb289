-- +goose Up
-- Reasons and faults are kept as the key of a sentence and what fills it, so that everybody reads them in
-- their own language. What was stored as an English sentence becomes its key; one with names or numbers in it,
-- and a person's own words, stay as they are.

-- +goose StatementBegin
CREATE FUNCTION reason_of(words text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT coalesce(
    (SELECT jsonb_build_object('key', known.key)
     FROM (VALUES
        ('It was in the feed when the feed was added: known, not news.', 'article.reason.baseline'),
        ('New. It is released once its page answers.', 'article.reason.new'),
        ('New, but dated in the future: it waits until then.', 'article.reason.dated_ahead'),
        ('Released: its time had come and its page answers.', 'article.reason.released'),
        ('Held by an editor.', 'article.reason.held_by_hand'),
        ('Released by an editor.', 'article.reason.released_by_hand'),
        ('An editor decided not to mail it.', 'article.reason.never_by_hand'),
        ('Withdrawn by an editor. Readers who have it keep it.', 'article.reason.withdrawn_by_hand'),
        ('Counted as known by an editor.', 'article.reason.known_by_hand'),
        ('Held: it has no address that readers could open.', 'article.reason.held_no_address'),
        ('The feed gave it another id; the address is the same, so it is the same article.', 'article.note.other_id'),
        ('The feed gave it another address; the id is the same, so it is the same article.', 'article.note.other_address'),
        ('an article in it was withdrawn', 'edition.reason.withdrawn'),
        ('it could not go out in time', 'edition.reason.stale')
     ) AS known (words, key)
     WHERE known.words = reason_of.words),
    jsonb_build_object('key', 'reason.words', 'name', words))
$$;
-- +goose StatementEnd

ALTER TABLE article
    DROP CONSTRAINT article_reason_check,
    ALTER COLUMN reason TYPE jsonb USING reason_of(reason),
    ADD CONSTRAINT article_reason_check CHECK (reason ->> 'key' IS NOT NULL);
COMMENT ON COLUMN article.reason IS 'why it is in this state: {key, n, of, name, date, cause}, a sentence of web/locales before it is put into a language';

ALTER TABLE article_event
    ALTER COLUMN reason TYPE jsonb USING reason_of(reason),
    ADD CONSTRAINT article_event_reason_check CHECK (reason ->> 'key' IS NOT NULL);

-- The next poll, minutes away, says anew what is wrong now.
ALTER TABLE feed
    ALTER COLUMN problem DROP DEFAULT,
    ALTER COLUMN problem DROP NOT NULL,
    ALTER COLUMN problem TYPE jsonb USING CASE WHEN problem <> '' THEN reason_of(problem) END,
    ALTER COLUMN warning DROP DEFAULT,
    ALTER COLUMN warning DROP NOT NULL,
    ALTER COLUMN warning TYPE jsonb USING CASE WHEN warning <> '' THEN reason_of(warning) END;
COMMENT ON COLUMN feed.problem IS 'what is wrong, as article.reason is kept; null when the last poll was good';
COMMENT ON COLUMN feed.warning IS 'what a person should look at though the poll was good: a gap, a move; stays until the next warning';

ALTER TABLE edition
    ALTER COLUMN reason DROP DEFAULT,
    ALTER COLUMN reason DROP NOT NULL,
    ALTER COLUMN reason TYPE jsonb USING CASE WHEN reason <> '' THEN reason_of(reason) END;
COMMENT ON COLUMN edition.reason IS 'why it is not open, as article.reason is kept; null when nobody said';

DROP FUNCTION reason_of;

-- +goose Down
ALTER TABLE edition
    ALTER COLUMN reason TYPE text USING coalesce(reason ->> 'name', reason ->> 'key', ''),
    ALTER COLUMN reason SET DEFAULT '',
    ALTER COLUMN reason SET NOT NULL;
ALTER TABLE feed
    ALTER COLUMN problem TYPE text USING coalesce(problem ->> 'name', problem ->> 'key', ''),
    ALTER COLUMN problem SET DEFAULT '',
    ALTER COLUMN problem SET NOT NULL,
    ALTER COLUMN warning TYPE text USING coalesce(warning ->> 'name', warning ->> 'key', ''),
    ALTER COLUMN warning SET DEFAULT '',
    ALTER COLUMN warning SET NOT NULL;
ALTER TABLE article_event
    DROP CONSTRAINT article_event_reason_check,
    ALTER COLUMN reason TYPE text USING coalesce(reason ->> 'name', reason ->> 'key');
ALTER TABLE article
    DROP CONSTRAINT article_reason_check,
    ALTER COLUMN reason TYPE text USING coalesce(reason ->> 'name', reason ->> 'key'),
    ADD CONSTRAINT article_reason_check CHECK (reason <> '');
