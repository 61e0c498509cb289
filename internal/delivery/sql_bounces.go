package delivery

// Days are those of UTC.
const sqlSuppressRepeated = `
WITH refused AS (
    SELECT subscriber_id, bool_or(charge = 'hard') AS hard, max(at) AS at
    FROM attempt
    WHERE charge IN ('soft', 'hard')
      AND at > @hard_since
      AND NOT EXISTS ( -- it was said of another address
          SELECT FROM address_change c
          WHERE c.subscriber_id = attempt.subscriber_id AND c.state = 'done' AND c.settled_at > attempt.at)
    GROUP BY subscriber_id, (at AT TIME ZONE 'UTC')::date
), judged AS (
    SELECT subscriber_id
    FROM refused
    GROUP BY subscriber_id
    HAVING max(at) > @fresh
       AND count(*) >= @hard_days
), accepted AS (
    SELECT j.subscriber_id, max(d.settled_at) AS at
    FROM judged j
    JOIN subscription s ON s.subscriber_id = j.subscriber_id
    JOIN edition e ON e.newsletter_id = s.newsletter_id
                  AND e.month >= date_trunc('month', @hard_since::timestamptz AT TIME ZONE 'UTC')::date
                  AND e.dropped_at IS NULL
    JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.subscriber_id = j.subscriber_id
    WHERE d.state = 'sent'
    GROUP BY j.subscriber_id
), counted AS (
    SELECT j.subscriber_id,
           count(*) FILTER (WHERE f.hard) AS days,
           max(f.at) FILTER (WHERE f.hard) - min(f.at) FILTER (WHERE f.hard) AS span,
           sum(CASE WHEN f.hard THEN 1 ELSE 0.5 END) FILTER (WHERE f.at > @soft_since) AS score
    FROM judged j
    JOIN refused f ON f.subscriber_id = j.subscriber_id
    LEFT JOIN accepted a ON a.subscriber_id = j.subscriber_id
    WHERE a.at IS NULL
       OR f.at > a.at
    GROUP BY j.subscriber_id
)
INSERT INTO suppression (address_hash, reason, detail, at)
SELECT r.address_hash, 'repeated bounces', last.text, @now
FROM counted c
JOIN subscriber r ON r.id = c.subscriber_id
CROSS JOIN LATERAL (
    SELECT text
    FROM attempt
    WHERE subscriber_id = c.subscriber_id
      AND charge IN ('soft', 'hard')
    ORDER BY at DESC
    LIMIT 1) last
WHERE c.days >= @hard_days AND c.span >= make_interval(days => @hard_span)
   OR c.score >= @soft_score
ON CONFLICT (address_hash) DO UPDATE
SET reason = EXCLUDED.reason, detail = EXCLUDED.detail, at = EXCLUDED.at
WHERE suppression.reason = 'not me'`

// Readers' notices go with the rows they refer to.
const sqlPurgeNotices = `
DELETE FROM notice
WHERE kind IN ('alert', 'desk', 'test')
  AND state IN ('sent', 'failed', 'cancelled')
  AND settled_at < @before`
