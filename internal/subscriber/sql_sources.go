package subscriber

const (
	// Settled sign-ups are counted; the others are still there.
	sources = `
SELECT article_url, '' AS page_url, sum(requested)::bigint, sum(confirmed)::bigint
FROM signup_count
WHERE newsletter_id = @newsletter AND day >= (@since::timestamptz AT TIME ZONE 'UTC')::date
GROUP BY 1
UNION ALL
SELECT article_url, page_url, count(*), 0
FROM signup
WHERE newsletter_id = @newsletter AND confirmed_at IS NULL AND created_at >= @since
GROUP BY 1, 2`

	won = `
SELECT c.newsletter_id, c.article_url, sum(c.confirmed)::bigint
FROM unnest(@newsletters::bigint[], @places::text[]) AS p (newsletter_id, place)
JOIN signup_count c ON c.newsletter_id = p.newsletter_id AND c.article_url = p.place
WHERE p.place <> ''
GROUP BY 1, 2`

	countConfirmed = `
INSERT INTO signup_count AS c (day, newsletter_id, article_url, requested, confirmed)
VALUES ((@day::timestamptz AT TIME ZONE 'UTC')::date, @newsletter, @place, 1, 1)
ON CONFLICT (day, newsletter_id, article_url) DO UPDATE
SET requested = c.requested + 1, confirmed = c.confirmed + 1`

	// Confirmed ones were counted when that happened.
	purgeSignups = `
WITH gone AS (
    DELETE FROM signup
    WHERE id IN (
        SELECT id
        FROM signup
        WHERE expires_at < @before
        ORDER BY expires_at
        LIMIT @limit)
    RETURNING newsletter_id, article_url, page_url, created_at, confirmed_at)
SELECT (created_at AT TIME ZONE 'UTC')::date AS day, newsletter_id, article_url, page_url, count(*) AS gone,
       count(*) FILTER (WHERE confirmed_at IS NULL) AS expired
FROM gone
GROUP BY 1, 2, 3, 4`

	// Whoever posts blindly may name any page of the site: only places that have
	// won somebody get a row of their own.
	countExpired = `
WITH gone AS (
    SELECT x.day, x.newsletter_id,
           CASE WHEN EXISTS (
               SELECT FROM signup_count w
               WHERE w.newsletter_id = x.newsletter_id AND w.article_url = x.place AND w.confirmed > 0)
           THEN x.place ELSE '' END AS place,
           x.expired
    FROM unnest(@days::date[], @newsletters::bigint[], @places::text[], @expired::bigint[]) AS x (day, newsletter_id, place, expired))
INSERT INTO signup_count AS c (day, newsletter_id, article_url, requested, expired)
SELECT day, newsletter_id, place, sum(expired), sum(expired)
FROM gone
GROUP BY 1, 2, 3
ON CONFLICT (day, newsletter_id, article_url) DO UPDATE
SET requested = c.requested + EXCLUDED.requested, expired = c.expired + EXCLUDED.expired`
)
