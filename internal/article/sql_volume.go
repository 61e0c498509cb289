package article

const (
	sqlVolume = `
WITH out AS (
    SELECT extract(epoch FROM @now::timestamptz - released_at) / 86400 AS days
    FROM article
    WHERE newsletter_id = @newsletter
      AND seq IS NOT NULL
      AND released_at > @since
      AND released_at <= @now
      AND withdrawn_at IS NULL
      AND (@topics::text[] IS NULL OR topics && @topics::text[]))
SELECT (SELECT min(released_at) FROM article WHERE newsletter_id = @newsletter AND seq IS NOT NULL),
       count(*)::float8,
       count(DISTINCT floor(days))::float8,
       count(DISTINCT floor(days / 7))::float8,
       count(DISTINCT floor(days / 30.44))::float8
FROM out`

	sqlTopics = `
WITH used AS (
    SELECT topic, count(*) AS n
    FROM article, unnest(topics) AS topic
    WHERE newsletter_id = @newsletter
      AND released_at > @since
      AND withdrawn_at IS NULL
      AND octet_length(topic) BETWEEN 1 AND 200
    GROUP BY topic
    ORDER BY n DESC, topic
    LIMIT @limit)
SELECT topic
FROM used
ORDER BY lower(topic), topic`
)
