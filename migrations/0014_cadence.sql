-- +goose Up
-- Translations of one story, corrections, the lead of a digest, slots that were missed.

DROP INDEX article_story_id_idx;
ALTER TABLE article
    ADD CONSTRAINT article_story_id_newsletter_id_key UNIQUE (story_id, newsletter_id),
    ADD COLUMN paired_by text NOT NULL DEFAULT ''
        CONSTRAINT article_paired_by_check CHECK (paired_by IN ('', 'hreflang', 'feed', 'hand', 'apart')),
    ADD COLUMN lead boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN article.story_id IS 'shared with its translations, at most one in each newsletter';
COMMENT ON COLUMN article.paired_by IS 'how its translations were found; apart: a person said that it has none';
COMMENT ON COLUMN article.lead IS 'an editor put it first in the digests that hold it';

CREATE TABLE article_alternate (
    article_id      bigint      NOT NULL REFERENCES article ON DELETE CASCADE,
    address         text        NOT NULL,
    language        text        NOT NULL,
    PRIMARY KEY (article_id, address)
);
CREATE INDEX article_alternate_address_idx ON article_alternate (address);
COMMENT ON TABLE article_alternate IS 'where the site says that the article stands in other languages (hreflang), as keys of addresses';

ALTER TABLE subscriber
    ADD COLUMN translations text NOT NULL DEFAULT 'wait'
        CONSTRAINT subscriber_translations_check CHECK (translations IN ('wait', 'first', 'only'));
COMMENT ON COLUMN subscriber.translations IS 'of a story in two newsletters the person reads: wait for the preferred language a while, take whichever is first, or only the preferred one';

ALTER TABLE edition
    DROP CONSTRAINT edition_kind_check,
    ADD CONSTRAINT edition_kind_check CHECK (kind IN ('instant', 'daily', 'weekly', 'monthly', 'correction')),
    ADD COLUMN note text NOT NULL DEFAULT '',
    ADD CONSTRAINT edition_note_check CHECK ((kind = 'correction') = (note <> ''));
CREATE INDEX edition_correction_idx ON edition (newsletter_id, slot) WHERE kind = 'correction';
COMMENT ON COLUMN edition.note IS 'correction: what was wrong, in the editor''s words, as readers see it';

CREATE TABLE missed_slot (
    newsletter_id   bigint      NOT NULL REFERENCES newsletter ON DELETE CASCADE,
    cadence         text        NOT NULL
                                CONSTRAINT missed_slot_cadence_check CHECK (cadence IN ('daily', 'weekly', 'monthly')),
    slot            timestamptz NOT NULL,
    PRIMARY KEY (newsletter_id, cadence, slot)
);
COMMENT ON TABLE missed_slot IS 'slots whose digest was merged into the next because it was too late; that one says so';

ALTER TABLE newsletter ADD COLUMN stop_notice boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN newsletter.stop_notice IS 'editors are mailed a link that holds an article while it waits out its grace time';

-- +goose Down
ALTER TABLE newsletter DROP COLUMN stop_notice;
DROP TABLE missed_slot;
DROP INDEX edition_correction_idx;
DELETE FROM edition WHERE kind = 'correction';
ALTER TABLE edition
    DROP CONSTRAINT edition_note_check,
    DROP COLUMN note,
    DROP CONSTRAINT edition_kind_check,
    ADD CONSTRAINT edition_kind_check CHECK (kind IN ('instant', 'daily', 'weekly', 'monthly'));
ALTER TABLE subscriber DROP COLUMN translations;
DROP TABLE article_alternate;
ALTER TABLE article
    DROP COLUMN lead,
    DROP COLUMN paired_by,
    DROP CONSTRAINT article_story_id_newsletter_id_key;
CREATE INDEX article_story_id_idx ON article (story_id);
