package newsletter

const (
	columns = `id, family_id, slug, name, description, language, from_name, from_address, reply_to, postal_address, site_url,
    privacy_url, logo_url, accent, origins, thanks, default_cadence, timezone, hour, grace, late, wait, welcome, public_archive,
    stop_notice, last_seq, created_at, archived_at`

	get = `
SELECT ` + columns + `
FROM newsletter
WHERE id = @id`

	bySlug = `
SELECT ` + columns + `
FROM newsletter
WHERE slug = @slug`

	list = `
SELECT ` + columns + `
FROM newsletter
ORDER BY archived_at IS NOT NULL, family_id, name, id`

	originListed = `
SELECT EXISTS (
    SELECT FROM newsletter
    WHERE archived_at IS NULL AND @origin::text = ANY (origins))`

	newFamily = `
INSERT INTO family DEFAULT VALUES
RETURNING id`

	familyBySlug = `
SELECT family_id
FROM newsletter
WHERE slug = @slug`

	known = `
SELECT EXISTS (SELECT FROM timezone WHERE name = @timezone),
    EXISTS (SELECT FROM newsletter WHERE slug = @slug AND id <> @id),
    @family::text = '' OR EXISTS (SELECT FROM newsletter WHERE slug = @family)`

	insert = `
INSERT INTO newsletter (family_id, slug, name, description, language, from_name, from_address, reply_to, postal_address,
    site_url, privacy_url, logo_url, accent, origins, thanks, default_cadence, timezone, hour, grace, late, wait, welcome,
    public_archive, stop_notice, created_at)
VALUES (@family_id, @slug, @name, @description, @language, @from_name, @from_address, @reply_to, @postal_address,
    @site_url, @privacy_url, @logo_url, @accent, @origins, @thanks, @default_cadence, @timezone, @hour, @grace, @late,
    @wait, @welcome, @public_archive, @stop_notice, @now)
RETURNING ` + columns

	update = `
UPDATE newsletter
SET name = @name, description = @description, language = @language, from_name = @from_name,
    from_address = @from_address, reply_to = @reply_to, postal_address = @postal_address, site_url = @site_url,
    privacy_url = @privacy_url, logo_url = @logo_url, accent = @accent, origins = @origins, thanks = @thanks,
    default_cadence = @default_cadence, timezone = @timezone, hour = @hour, grace = @grace, late = @late, wait = @wait,
    welcome = @welcome, public_archive = @public_archive, stop_notice = @stop_notice
WHERE id = @id
RETURNING ` + columns

	archive = `
UPDATE newsletter
SET archived_at = coalesce(archived_at, @now)
WHERE id = @id`
)
