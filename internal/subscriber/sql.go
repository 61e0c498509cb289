package subscriber

const (
	// Counts a post, uses up its proof of work unless its networks send too many,
	// and says whether they do, whether a press on our own page would be too much
	// as well, whether it proves nothing while that is asked for, whether work
	// stands behind it, whether its mail is likely to be held, and whether no mail
	// goes out at all. Whoever hands a proof in first has it: the others wait for
	// that one's commit. Our own page asks for the work, and takes a press without it.
	admission = `
WITH counted AS (
    INSERT INTO request_limit AS r (limit_key, bucket, count)
    SELECT k, @bucket, 1
    FROM unnest(@keys::text[]) AS k
    ON CONFLICT (limit_key, bucket) DO UPDATE
    SET count = r.count + 1
    RETURNING limit_key, count
), crowd AS (
    SELECT EXISTS (
        SELECT FROM counted
        WHERE count > CASE limit_key WHEN @host THEN @per_host::int ELSE @per_network::int END) AS over, EXISTS (
        SELECT FROM counted
        WHERE count >= CASE limit_key WHEN @host THEN @host_pressed::int ELSE @network_pressed::int END) AS beyond
), used AS (
    INSERT INTO proof_used (challenge, expires_at)
    SELECT @challenge, @challenge_expires
    FROM crowd
    WHERE NOT over AND @challenge::bytea IS NOT NULL
    ON CONFLICT (challenge) DO NOTHING
    RETURNING 1
), post AS (
    SELECT over, beyond, NOT over AND (@mailed OR EXISTS (SELECT FROM used)) AS proven,
           @proof_of_work = 'always' OR @proof_of_work = 'attack' AND spent_since IS NOT NULL AS asked,
           spent_since IS NOT NULL AS attacked, spent_since IS NOT NULL OR unattested_since IS NOT NULL AS crowded,
           empty_since IS NOT NULL AS empty
    FROM crowd, signup_gate
), admission AS (
    SELECT over, beyond, proven,
           crowded AND NOT proven AND NOT CASE WHEN asked THEN @challenged::boolean ELSE @attested::boolean END AS unproven,
           CASE WHEN NOT asked THEN attacked WHEN proven THEN empty ELSE crowded END AS delayed,
           NOT EXISTS (SELECT FROM sending_allowed) AS halted
    FROM post)`

	admit = admission + `
SELECT over, beyond, unproven, proven, delayed, halted
FROM admission`

	underAttack = `
SELECT spent_since IS NOT NULL
FROM signup_gate`

	lockLimit = `
SELECT pg_advisory_xact_lock(@key::bigint)`

	// The lock for a post that may be admitted. Counters only rise within their
	// bucket, so one that stands at its limit already refuses this post for sure:
	// it takes no mail, and need not wait for those that do.
	lockUnlessOver = `
SELECT pg_advisory_xact_lock(@key::bigint)
WHERE NOT EXISTS (
    SELECT FROM request_limit
    WHERE limit_key = ANY (@keys::text[])
      AND bucket = @bucket
      AND count >= CASE limit_key WHEN @host THEN @per_host::int ELSE @per_network::int END)`

	// The mails of a kind that a mailbox got lately; the kind follows.
	recentMails = `recent AS (
    SELECT count(*) FILTER (WHERE at > @now::timestamptz - interval '15 minutes') AS quarter,
           count(*) FILTER (WHERE at > @now::timestamptz - interval '24 hours') AS day,
           count(*) AS month
    FROM address_limit
    WHERE limit_key = @limit AND at > @now::timestamptz - interval '30 days' AND kind = `

	// A pending sign-up keeps its generation, so the link that was mailed stays
	// good; one that expired or was used gets a new link. One that is pressed again
	// a moment after its mail was asked for has what was chosen last, and asks for
	// no other: whether it does follows from presses alone, which count for every
	// address alike, not from what became of them. Work that was done for a mail
	// that is still owed is not undone by whoever types the address again. A post
	// that is not admitted is counted and leaves nothing else.
	signUp = admission + `, admitted AS (
    SELECT proven
    FROM admission
    WHERE NOT over AND NOT unproven
), press AS (
    SELECT EXISTS (
        SELECT FROM signup
        WHERE newsletter_id = @newsletter AND address_key = @key AND created_at > @moment
          AND confirmed_at IS NULL AND expires_at > @now)
       AND EXISTS (
        SELECT FROM address_limit
        WHERE limit_key = @limit AND kind = 'confirmation' AND at > @moment) AS repeated
), ` + recentMails + `'confirmation'), allowed AS (
    INSERT INTO address_limit (limit_key, kind, at)
    SELECT @limit, 'confirmation', @now
    FROM recent, admitted, press
    WHERE quarter < @quarter AND day < @day AND month < @month AND NOT repeated
    RETURNING 1
), made AS (
    INSERT INTO signup AS g (newsletter_id, address, address_key, locale, article_url, page_url, wording, attested, proven,
        ip, user_agent, created_at, expires_at, mail_due_at)
    SELECT n.id, @address, @key, @locale, @article, @page, @wording, @attested OR proven, proven, @ip, @agent, @now, @expires,
        CASE WHEN EXISTS (SELECT FROM allowed) THEN @now::timestamptz END
    FROM newsletter n, admitted
    WHERE n.id = @newsletter AND n.archived_at IS NULL
    ON CONFLICT (newsletter_id, address_key) DO UPDATE
    SET address = EXCLUDED.address, locale = EXCLUDED.locale, article_url = EXCLUDED.article_url, page_url = EXCLUDED.page_url,
        wording = EXCLUDED.wording, attested = EXCLUDED.attested OR g.attested AND g.mail_due_at IS NOT NULL,
        proven = EXCLUDED.proven OR g.proven AND g.mail_due_at IS NOT NULL, ip = EXCLUDED.ip, user_agent = EXCLUDED.user_agent,
        created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at, confirmed_at = NULL, subscriber_id = NULL,
        generation = CASE WHEN g.confirmed_at IS NULL AND g.expires_at > @now THEN g.generation ELSE g.generation + 1 END,
        code_tries = CASE WHEN EXISTS (SELECT FROM allowed) THEN 0 ELSE g.code_tries END,
        mail_due_at = coalesce(g.mail_due_at, EXCLUDED.mail_due_at),
        held = CASE WHEN EXCLUDED.mail_due_at IS NULL THEN g.held ELSE nullif(g.held, 'let go') END
    RETURNING g.id, g.generation
)
SELECT over, beyond, unproven, proven, delayed, halted, coalesce(id, 0), coalesce(generation, 0)
FROM admission
LEFT JOIN made ON true`

	// Takes one of the mails that a mailbox may get, and owes it to the sign-up. Its
	// code may be tried as often as that of the mail before.
	claimLimit = `
WITH ` + recentMails + `'confirmation'), allowed AS (
    INSERT INTO address_limit (limit_key, kind, at)
    SELECT @limit, 'confirmation', @now
    FROM recent
    WHERE quarter < @quarter AND day < @day AND month < @month
    RETURNING 1)
UPDATE signup
SET mail_due_at = coalesce(mail_due_at, @now), held = nullif(held, 'let go'), code_tries = 0
WHERE id = @id AND EXISTS (SELECT FROM allowed)`

	getSignup = `
SELECT g.newsletter_id, g.address, g.locale, g.generation, g.article_url, g.page_url, g.wording, g.attested, g.ip,
       g.user_agent, g.created_at, g.expires_at, g.confirmed_at, g.code_tries, n.archived_at IS NOT NULL AS archived
FROM signup g
JOIN newsletter n ON n.id = g.newsletter_id
WHERE g.id = @id`

	lockSignup = getSignup + `
FOR UPDATE OF g`

	subscriptionOf = `
SELECT s.subscriber_id, s.ended_at
FROM subscription s
JOIN subscriber r ON r.id = s.subscriber_id
WHERE s.newsletter_id = @newsletter AND r.address_key = @key`

	// FOR SHARE waits for an article that is just being released: it then came
	// before the reader, who does not get it.
	newsletterForJoin = `
SELECT last_seq, default_cadence, timezone, hour, welcome
FROM newsletter
WHERE id = @id
FOR SHARE`

	upsertProvider = `
WITH made AS (
    INSERT INTO provider (domain)
    VALUES (@domain)
    ON CONFLICT (domain) DO NOTHING
    RETURNING id)
SELECT id FROM made
UNION ALL
SELECT id FROM provider WHERE domain = @domain
LIMIT 1`

	// The person's language says which of two translations is preferred: a form
	// in another language does not change it for whoever reads something already.
	upsertSubscriber = `
INSERT INTO subscriber AS r (address, address_key, address_hash, provider_id, locale, created_at)
VALUES (@address, @key, @hash, @provider, @locale, @now)
ON CONFLICT (address_key) DO UPDATE
SET locale = CASE WHEN EXISTS (SELECT FROM subscription s WHERE s.subscriber_id = r.id AND s.state = 'active')
    THEN r.locale ELSE EXCLUDED.locale END
RETURNING id`

	join = `
INSERT INTO subscription AS s (newsletter_id, subscriber_id, state, cadence, locale, zone, hour, seen_seq, due_at, provider_id, created_at)
VALUES (@newsletter, @subscriber, 'active', @cadence, @locale, @zone, @hour, @seq,
    next_slot(@cadence, @zone, @hour::smallint, @now), @provider, @now)
ON CONFLICT (newsletter_id, subscriber_id) DO UPDATE
SET state = 'active', cadence = EXCLUDED.cadence, topics = NULL, locale = EXCLUDED.locale, zone = EXCLUDED.zone,
    hour = EXCLUDED.hour, seen_seq = greatest(s.seen_seq, EXCLUDED.seen_seq), paused_until = NULL, due_at = EXCLUDED.due_at,
    created_at = EXCLUDED.created_at, ended_at = NULL, end_source = NULL
WHERE s.state = 'ended'`

	forgetOwed = `
DELETE FROM owed
WHERE newsletter_id = @newsletter AND subscriber_id = @subscriber`

	markConfirmed = `
UPDATE signup
SET confirmed_at = @now, subscriber_id = @subscriber, mail_due_at = NULL, held = NULL
WHERE id = @id AND confirmed_at IS NULL`

	addConsent = `
WITH event AS (
    INSERT INTO consent_event (address_hash, newsletter_id, kind, source, wording, locale, at)
    VALUES (@hash, @newsletter, @kind, @source, @wording, @locale, @at)
    RETURNING id)
INSERT INTO consent_person (event_id, address, page_url, ip, user_agent, changes)
SELECT id, @address, @page, @ip, @agent, @changes
FROM event`

	tryCode = `
UPDATE signup
SET code_tries = code_tries + 1
WHERE id = @id AND generation = @generation AND code_tries < @tries
RETURNING code_tries`

	expireSignup = `
UPDATE signup
SET expires_at = least(expires_at, @now), mail_due_at = NULL, held = NULL
WHERE id = @id AND confirmed_at IS NULL`
)
