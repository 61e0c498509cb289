-- +goose Up
-- What the site published, once, however often the feed shows it.

CREATE TABLE story (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE story IS 'an article and its translations';

CREATE TABLE article (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    newsletter_id   bigint      NOT NULL REFERENCES newsletter ON DELETE CASCADE,
    story_id        bigint      NOT NULL REFERENCES story,
    feed_id         bigint      REFERENCES feed ON DELETE SET NULL,
    url             text        NOT NULL,
    title           text        NOT NULL,
    summary         text        NOT NULL DEFAULT '',
    content_html    text        NOT NULL DEFAULT '',
    author          text        NOT NULL DEFAULT '',
    image_url       text        NOT NULL DEFAULT '',
    image_alt       text        NOT NULL DEFAULT '',
    topics          text[]      NOT NULL DEFAULT '{}',
    published_at    timestamptz,
    first_seen_at   timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    state           text        NOT NULL
                                CONSTRAINT article_state_check
                                CHECK (state IN ('baseline', 'waiting', 'held', 'released', 'never', 'dropped', 'withdrawn')),
    reason          text        NOT NULL,
    due_at          timestamptz,
    checked_at      timestamptz,
    seq             bigint,
    released_at     timestamptz,
    withdrawn_at    timestamptz,
    CONSTRAINT article_newsletter_id_seq_key UNIQUE (newsletter_id, seq),
    CONSTRAINT article_seq_check CHECK ((seq IS NULL) = (released_at IS NULL)),
    CONSTRAINT article_reason_check CHECK (reason <> '')
);
CREATE INDEX article_story_id_idx ON article (story_id);
CREATE INDEX article_feed_id_idx ON article (feed_id);
CREATE INDEX article_due_at_idx ON article (due_at) WHERE state = 'waiting';
CREATE INDEX article_newsletter_id_first_seen_at_idx ON article (newsletter_id, first_seen_at DESC, id DESC);
COMMENT ON TABLE article IS 'one published piece in one newsletter, with the decision what to do with it and why';
COMMENT ON COLUMN article.due_at IS 'while waiting: when the grace time ends or its page is asked again';
COMMENT ON COLUMN article.published_at IS 'the feed''s date: shown, never trusted';
COMMENT ON COLUMN article.seq IS 'gapless within the newsletter, given on release, kept for ever';

CREATE TABLE article_key (
    newsletter_id   bigint      NOT NULL REFERENCES newsletter ON DELETE CASCADE,
    kind            text        NOT NULL
                                CONSTRAINT article_key_kind_check CHECK (kind IN ('guid', 'address', 'cms', 'fingerprint')),
    value           text        NOT NULL,
    article_id      bigint      NOT NULL REFERENCES article ON DELETE CASCADE,
    PRIMARY KEY (newsletter_id, kind, value)
);
CREATE INDEX article_key_article_id_idx ON article_key (article_id);
COMMENT ON TABLE article_key IS 'what makes an entry the article we know; an article is the same if any key matches';

CREATE TABLE article_event (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    article_id      bigint      NOT NULL REFERENCES article ON DELETE CASCADE,
    at              timestamptz NOT NULL,
    state           text        NOT NULL,
    reason          text        NOT NULL,
    account_id      bigint
);
CREATE INDEX article_event_article_id_idx ON article_event (article_id);
COMMENT ON TABLE article_event IS 'every decision about an article, in order; account_id is null when Vistka decided';

-- +goose Down
DROP TABLE article_event, article_key, article, story;
