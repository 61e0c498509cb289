package hotline

const sqlSettings = `
SELECT open, phone, hours, elsewhere, desk, desk_keys, desk_locale, keep_days, saved_at
FROM hotline`

const sqlSaveSettings = `
UPDATE hotline
SET open = @open, phone = @phone, hours = @hours, elsewhere = @elsewhere, desk = @desk, desk_keys = @desk_keys,
    desk_locale = @desk_locale, keep_days = @keep_days, saved_at = @now`

const sqlSalt = `
WITH made AS (
    INSERT INTO hotline_salt (day, salt)
    VALUES (@day, @fresh)
    ON CONFLICT (day) DO NOTHING
    RETURNING salt
)
SELECT salt
FROM made
UNION ALL
SELECT salt
FROM hotline_salt
WHERE day = @day`

const sqlCount = `
INSERT INTO hotline_limit AS l (limit_key, bucket, count)
SELECT key, @bucket, 1
FROM unnest(@keys::bytea[]) AS key
ON CONFLICT (limit_key, bucket) DO UPDATE
SET count = l.count + 1
RETURNING limit_key, count`

const columns = `id, reference, kind, state, language, name, phone, best_time, subject, text, contact, created_at`

const sqlInsert = `
INSERT INTO hotline_request (reference, digest, kind, language, name, phone, best_time, subject, text, contact, created_at)
SELECT @reference, @digest, @kind, @language, @name, @phone, @best_time, @subject, @text, @contact, @now::timestamptz
WHERE NOT EXISTS (SELECT FROM hotline_request WHERE digest = @earlier AND created_at > @since)
ON CONFLICT DO NOTHING
RETURNING id, reference`

const sqlSame = `
SELECT reference
FROM hotline_request
WHERE digest = @digest
   OR digest = @earlier AND created_at > @since
ORDER BY id
LIMIT 1`

// An hour of the clock that has just begun is within the hour that has just passed.
const sqlCame = `
SELECT count(*), count(*) FILTER (WHERE created_at >= @hour)
FROM hotline_request
WHERE created_at > @since`

const sqlList = `
SELECT ` + columns + `
FROM hotline_request
WHERE (@state::text = '' OR state = @state)
  AND (@kind::text = '' OR kind = @kind)
  AND (@before::bigint = 0 OR id < @before)
  AND (@query::text = ''
       OR position(@query IN lower(concat_ws(E'\n', reference, name, phone, best_time, subject, text, contact))) > 0
       OR @digits::text <> '' AND (position(@digits IN replace(reference, '-', '')) > 0
                                   OR position(@digits IN regexp_replace(phone, '[^0-9]', '', 'g')) > 0))
ORDER BY id DESC
LIMIT @limit`

const sqlCounts = `
SELECT state, count(*)
FROM hotline_request
GROUP BY state`

const sqlCountNew = `
SELECT count(*)
FROM hotline_request
WHERE state = 'new'`

const sqlGet = `
SELECT ` + columns + `
FROM hotline_request
WHERE id = @id`

const sqlNotes = `
SELECT account_id, at, coalesce(state, '') AS state, text
FROM hotline_note
WHERE request_id = @id
ORDER BY id`

const sqlAct = `
WITH request AS (
    UPDATE hotline_request
    SET state = @to
    WHERE id = @id
      AND state = @from
    RETURNING id
)
INSERT INTO hotline_note (request_id, account_id, at, state, text)
SELECT id, @account, @now, @state, @note
FROM request`

// Two who close the same wait for each other, and neither for ever.
const sqlClose = `
WITH seen AS MATERIALIZED (
    SELECT r.id
    FROM hotline_request r
    JOIN unnest(@ids::bigint[], @states::text[]) AS s (id, state) ON s.id = r.id AND s.state = r.state
    WHERE r.state <> 'closed'
    ORDER BY r.id
    FOR NO KEY UPDATE OF r
), closed AS (
    UPDATE hotline_request r
    SET state = 'closed'
    FROM seen
    WHERE r.id = seen.id
    RETURNING r.id
), noted AS (
    INSERT INTO hotline_note (request_id, account_id, at, state, text)
    SELECT id, @account, @now, 'closed', ''
    FROM closed
)
SELECT id
FROM closed
ORDER BY id`

const sqlErase = `
DELETE FROM hotline_request
WHERE id = @id`

const sqlExport = `
SELECT r.reference, r.kind, r.state, r.created_at, r.language, r.name, r.phone, r.best_time, r.subject, r.text, r.contact,
       coalesce((SELECT string_agg(to_char(n.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') || coalesce(' [' || n.state || ']', '')
                                   || CASE WHEN n.text <> '' THEN ' ' || n.text ELSE '' END, E'\n' ORDER BY n.id)
                 FROM hotline_note n
                 WHERE n.request_id = r.id), '') AS notes
FROM hotline_request r
WHERE (@state::text = '' OR r.state = @state)
ORDER BY r.id`

const sqlPurge = `
DELETE FROM hotline_request r
USING hotline h
WHERE r.created_at < @now::timestamptz - make_interval(days => h.keep_days)`

const sqlDayOver = `
SELECT EXISTS (SELECT FROM hotline_salt WHERE day < @today)
    OR EXISTS (SELECT FROM hotline_limit WHERE bucket < @today)`

const sqlForgetDay = `
TRUNCATE hotline_salt, hotline_limit`
