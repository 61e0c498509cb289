-- +goose Up
COMMENT ON COLUMN signup.article_url IS 'the article under which the form stood, as the form sent it';
COMMENT ON COLUMN signup_count.article_url IS 'where the form stood: the article, else the page without its query; in one spelling (feed.CanonicalURL), but for what was counted before migration 13, or by it, which stands as the form sent it; empty where neither is known or nobody from there has confirmed';
COMMENT ON TABLE missed_slot IS 'slots whose digest was merged into the next because it was too late; that one says so. Kept as long as deliveries';

-- +goose Down
COMMENT ON TABLE missed_slot IS 'slots whose digest was merged into the next because it was too late; that one says so';
COMMENT ON COLUMN signup_count.article_url IS 'where the form stood, folded to one spelling: the article, else the page without its query; empty where neither is known or nobody from there has confirmed';
COMMENT ON COLUMN signup.article_url IS NULL;
