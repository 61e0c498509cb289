package article

// The id of each feed of a site, and when it may be read again. One that did
// not answer well keeps its back-off and its Retry-After: anybody can ping.
const sqlPingFeeds = `
SELECT id, greatest(@now, polled_at + @spacing)
FROM feed
WHERE state = 'active'
AND failures = 0
AND (url = @url OR site_url = @site OR starts_with(site_url, @site || '/'))`

const sqlLatest = `
SELECT title, url
FROM article
WHERE newsletter_id = @newsletter_id
AND state IN ('released', 'baseline')
ORDER BY coalesce(released_at, published_at, first_seen_at) DESC, id DESC
LIMIT @limit`
