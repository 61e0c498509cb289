-- +goose Up
-- Where subscribers come from is counted when they confirm, and stays when their sign-ups go.

INSERT INTO signup_count AS c (day, newsletter_id, article_url, requested, confirmed)
SELECT (created_at AT TIME ZONE 'UTC')::date, newsletter_id, article_url, count(*), count(*)
FROM signup
WHERE confirmed_at IS NOT NULL
GROUP BY 1, 2, 3
ON CONFLICT (day, newsletter_id, article_url) DO UPDATE
SET requested = c.requested + EXCLUDED.requested, confirmed = c.confirmed + EXCLUDED.confirmed;

DROP INDEX signup_count_newsletter_id_idx;
CREATE INDEX signup_count_newsletter_id_article_url_idx ON signup_count (newsletter_id, article_url);
COMMENT ON TABLE signup_count IS 'sign-ups that are settled, by the day they were made: confirmed, or expired and purged';
COMMENT ON COLUMN signup_count.article_url IS 'where the form stood, folded to one spelling: the article, else the page without its query; empty where neither is known or nobody from there has confirmed';

-- +goose Down
DROP INDEX signup_count_newsletter_id_article_url_idx;
CREATE INDEX signup_count_newsletter_id_idx ON signup_count (newsletter_id);
