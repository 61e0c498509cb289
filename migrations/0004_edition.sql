-- +goose Up
-- One mailing of a set of articles, and what each reader gets of it. docs/delivery.md draws the states.

-- +goose StatementBegin
CREATE FUNCTION next_slot(cadence text, zone text, hour smallint, after timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
DECLARE
    today date := (after AT TIME ZONE zone)::date;
    day   date := CASE cadence
        WHEN 'daily' THEN today
        WHEN 'weekly' THEN date_trunc('week', today)::date
        WHEN 'monthly' THEN date_trunc('month', today)::date
    END;
    slot  timestamptz;
BEGIN
    IF day IS NULL OR hour IS NULL THEN
        RETURN NULL;
    END IF;
    LOOP
        -- An hour that the spring skips becomes the moment after the gap, one that the autumn repeats its
        -- second passing; where the gap ends the day (Nuuk) the hour before it, so that the day keeps its slot.
        slot := (day + make_interval(hours => hour)) AT TIME ZONE zone;
        IF (slot AT TIME ZONE zone)::date > day THEN
            slot := slot - interval '1 hour';
        END IF;
        IF slot > after THEN
            RETURN slot;
        END IF;
        day := CASE cadence
            WHEN 'daily' THEN day + 1
            WHEN 'weekly' THEN day + 7
            ELSE (day + interval '1 month')::date
        END;
    END LOOP;
END $$;
-- +goose StatementEnd
COMMENT ON FUNCTION next_slot IS 'the first slot strictly after a moment: daily, Mondays, or the 1st, at the reader''s local hour; null for instant';

CREATE TABLE edition (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    month           date        NOT NULL CONSTRAINT edition_month_check CHECK (extract(day FROM month) = 1),
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    kind            text        NOT NULL
                                CONSTRAINT edition_kind_check CHECK (kind IN ('instant', 'daily', 'weekly', 'monthly')),
    slot            timestamptz NOT NULL,
    locale          text        NOT NULL,
    article_ids     bigint[]    NOT NULL CONSTRAINT edition_article_ids_check CHECK (cardinality(article_ids) > 0),
    state           text        NOT NULL DEFAULT 'open'
                                CONSTRAINT edition_state_check
                                CHECK (state IN ('open', 'paused', 'cancelled', 'expired', 'settled')),
    reason          text        NOT NULL DEFAULT '',
    resume_at       timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT edition_resume_at_check CHECK ((state IN ('cancelled', 'expired')) = (resume_at IS NOT NULL)),
    CONSTRAINT edition_content_key UNIQUE (newsletter_id, kind, slot, locale, article_ids)
);
CREATE INDEX edition_open_idx ON edition (id) WHERE state = 'open';
CREATE INDEX edition_newsletter_id_idx ON edition (newsletter_id, id DESC);
CREATE INDEX edition_article_ids_idx ON edition USING gin (article_ids);
COMMENT ON TABLE edition IS 'the mail of one set of articles in one locale';
COMMENT ON COLUMN edition.month IS 'the partition its deliveries lie in, fixed when the edition is made';
COMMENT ON COLUMN edition.resume_at IS 'cancelled or expired: when its articles are mailed after all, in another edition that has this as its slot';
COMMENT ON COLUMN edition.state IS 'settled: nothing queued at the moment; a reader who catches up opens it again';

CREATE TABLE edition_body (
    edition_id      bigint      PRIMARY KEY REFERENCES edition ON DELETE CASCADE,
    key_id          text        NOT NULL,
    composed_at     timestamptz NOT NULL,
    from_address    text        NOT NULL,
    base_url        text        NOT NULL,
    segments        bytea       NOT NULL
);
COMMENT ON TABLE edition_body IS 'the frozen bytes of an edition with slots for one reader''s links, and what those depend on; written once';

CREATE TABLE fan_out (
    newsletter_id   bigint      PRIMARY KEY REFERENCES newsletter,
    head            bigint      NOT NULL
);
COMMENT ON TABLE fan_out IS 'the last seq whose instant fan-out was completed: keeps two releases two mails. A hint; the marks decide';

CREATE TABLE owed (
    newsletter_id   bigint      NOT NULL REFERENCES newsletter,
    subscriber_id   bigint      NOT NULL REFERENCES subscriber ON DELETE CASCADE,
    article_id      bigint      NOT NULL REFERENCES article ON DELETE CASCADE,
    due_at          timestamptz NOT NULL,
    reason          text        NOT NULL CONSTRAINT owed_reason_check CHECK (reason <> ''),
    PRIMARY KEY (newsletter_id, subscriber_id, article_id)
);
CREATE INDEX owed_subscriber_id_idx ON owed (subscriber_id);
CREATE INDEX owed_article_id_idx ON owed (article_id);
CREATE INDEX owed_due_at_idx ON owed (due_at);
COMMENT ON TABLE owed IS 'articles at or below a reader''s mark that this reader is still to get, and why; settling consumes the row';

CREATE TABLE relay (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name            text        NOT NULL CONSTRAINT relay_name_key UNIQUE,
    holder          text        NOT NULL DEFAULT '',
    fence           bigint      NOT NULL DEFAULT 0,
    lease_until     timestamptz NOT NULL DEFAULT '-infinity',
    state           text        NOT NULL DEFAULT 'ready'
                                CONSTRAINT relay_state_check CHECK (state IN ('ready', 'down')),
    problem         text        NOT NULL DEFAULT '',
    problem_at      timestamptz
);
COMMENT ON TABLE relay IS 'an SMTP server that takes our mail; one driver at a time holds its lease, fenced by a number that only rises';
COMMENT ON COLUMN relay.name IS 'user@host:port of its URL, without the password';

CREATE TABLE delivery (
    month           date        NOT NULL,
    edition_id      bigint      NOT NULL,
    subscriber_id   bigint      NOT NULL,
    newsletter_id   bigint      NOT NULL,
    provider_id     bigint      NOT NULL,
    state           text        NOT NULL
                                CONSTRAINT delivery_state_check
                                CHECK (state IN ('queued', 'deferred', 'sending', 'in doubt', 'sent', 'failed', 'skipped', 'cancelled')),
    tries           smallint    NOT NULL DEFAULT 0,
    doubts          smallint    NOT NULL DEFAULT 0,
    relay_id        bigint,
    fence           bigint,
    due_at          timestamptz,
    settled_at      timestamptz,
    reply           text,
    PRIMARY KEY (month, edition_id, subscriber_id)
) PARTITION BY RANGE (month);
CREATE INDEX delivery_deferred_idx ON delivery (due_at) WHERE state = 'deferred';
CREATE INDEX delivery_sending_idx ON delivery (relay_id, fence) WHERE state = 'sending';
CREATE INDEX delivery_in_doubt_idx ON delivery (due_at) WHERE state = 'in doubt';
COMMENT ON TABLE delivery IS 'one edition to one subscriber; no foreign keys (a million rows a minute), no index on what every mail changes';

-- +goose StatementBegin
CREATE FUNCTION ensure_delivery_month(m date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    first date := date_trunc('month', m);
    part  text := 'delivery_' || to_char(first, 'YYYY_MM');
BEGIN
    IF to_regclass(part) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ensure_delivery_month', 0));
    EXECUTE format('CREATE TABLE IF NOT EXISTS %I PARTITION OF delivery FOR VALUES FROM (%L) TO (%L) WITH (fillfactor = 60)',
        part, first, (first + interval '1 month')::date);
END $$;
-- +goose StatementEnd
SELECT ensure_delivery_month(m::date)
FROM generate_series(date_trunc('month', now()) - interval '1 month', date_trunc('month', now()) + interval '2 months', interval '1 month') AS m;

CREATE TABLE attempt (
    month           date        NOT NULL,
    edition_id      bigint      NOT NULL,
    subscriber_id   bigint      NOT NULL,
    n               smallint    NOT NULL,
    at              timestamptz NOT NULL,
    stage           text        NOT NULL,
    code            int         NOT NULL,
    text            text        NOT NULL,
    PRIMARY KEY (month, edition_id, subscriber_id, n, at)
);
COMMENT ON TABLE attempt IS 'tries that were not a plain 250, with the relay''s words, addresses replaced';

CREATE TABLE notice (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind            text        NOT NULL
                                CONSTRAINT notice_kind_check
                                CHECK (kind IN ('confirmation', 'settings', 'welcome', 'link', 'test', 'alert', 'desk')),
    locale          text        NOT NULL,
    newsletter_id   bigint      REFERENCES newsletter,
    signup_id       bigint      REFERENCES signup ON DELETE CASCADE,
    subscriber_id   bigint      REFERENCES subscriber ON DELETE CASCADE,
    address         text        NOT NULL DEFAULT '',
    content         jsonb       NOT NULL DEFAULT '{}',
    state           text        NOT NULL DEFAULT 'queued'
                                CONSTRAINT notice_state_check
                                CHECK (state IN ('queued', 'deferred', 'sending', 'in doubt', 'sent', 'failed', 'skipped', 'cancelled')),
    tries           smallint    NOT NULL DEFAULT 0,
    doubts          smallint    NOT NULL DEFAULT 0,
    relay_id        bigint      REFERENCES relay,
    fence           bigint,
    due_at          timestamptz NOT NULL,
    composed_at     timestamptz,
    key_id          text        NOT NULL DEFAULT '',
    facts           jsonb,
    created_at      timestamptz NOT NULL,
    settled_at      timestamptz,
    reply           text
);
CREATE INDEX notice_due_at_idx ON notice (due_at) WHERE state IN ('queued', 'deferred', 'in doubt');
CREATE INDEX notice_sending_idx ON notice (relay_id, fence) WHERE state = 'sending';
CREATE INDEX notice_newsletter_id_idx ON notice (newsletter_id);
CREATE INDEX notice_signup_id_idx ON notice (signup_id);
CREATE INDEX notice_subscriber_id_idx ON notice (subscriber_id);
COMMENT ON TABLE notice IS 'mails to one person that are not editions: same states and driver as deliveries, always first';
COMMENT ON COLUMN notice.address IS 'only where neither sign-up nor subscriber names the person: tests, alerts, desk notices';
COMMENT ON COLUMN notice.composed_at IS 'first composed: Date and links are derived from it and key_id, so that a retry has the same bytes and nothing secret is stored';
COMMENT ON COLUMN notice.facts IS 'what else the bytes depend on, frozen when first composed; never a secret';
COMMENT ON COLUMN notice.content IS 'what the words need beyond the rows referred to; never a secret';

-- +goose Down
DROP TABLE notice, attempt, delivery, relay, owed, fan_out, edition_body, edition;
DROP FUNCTION ensure_delivery_month(date);
DROP FUNCTION next_slot(text, text, smallint, timestamptz);
