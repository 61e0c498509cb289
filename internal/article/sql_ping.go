package article

// The id and the moment of each feed that a ping moves forward. A feed that is
// due by then stays as it is: its job is queued already.
const sqlPingFeeds = `
UPDATE feed
SET next_poll_at = greatest(@now, polled_at + @spacing)
WHERE state = 'active'
AND (url = @url OR site_url = @site OR starts_with(site_url, @site || '/'))
AND next_poll_at > greatest(@now, polled_at + @spacing)
RETURNING id, next_poll_at`

const sqlLatest = `
SELECT title, url
FROM article
WHERE newsletter_id = @newsletter_id
AND state IN ('released', 'baseline')
ORDER BY coalesce(released_at, published_at, first_seen_at) DESC, id DESC
LIMIT @limit`
