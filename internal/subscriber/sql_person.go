package subscriber

// What is stored about one person, for that person.
const (
	// Moments, numbers and words as they are stored; what is left out, and why, is
	// listed beside the columns in the test. Its mails are those of the page "what was
	// sent to you", by the same rules, and what the newsroom's people get.
	exportPerson = `
WITH person AS (
    SELECT *
    FROM subscriber
    WHERE address_key = @key
), own_notice AS (
    SELECT t.id
    FROM notice t
    WHERE t.subscriber_id = (SELECT id FROM person)
    UNION
    SELECT t.id
    FROM notice t
    WHERE t.address <> '' AND lower(t.address) IN (lower(@address), @key)
    UNION
    SELECT t.id
    FROM notice t
    JOIN signup g ON g.id = t.signup_id
    WHERE g.address_key = @key OR g.subscriber_id = (SELECT id FROM person)
    UNION
    SELECT t.id
    FROM person r
    JOIN address_change c ON c.subscriber_id = r.id
    JOIN notice t ON t.kind = 'link' AND (t.content ->> 'change')::bigint = c.id
    WHERE c.state = 'done' OR t.content ->> 'about' <> 'new address'
)
SELECT jsonb_build_object(
    'address', @address::text,
    'subscriber', (
        SELECT jsonb_build_object('id', r.id, 'address', r.address, 'language', r.locale, 'translations', r.translations,
            'mail_provider', d.domain, 'created_at', r.created_at, 'address_kept_at', r.kept_at)
        FROM person r
        JOIN provider d ON d.id = r.provider_id),
    'suppression', (
        SELECT jsonb_build_object('reason', p.reason, 'detail', p.detail, 'at', p.at)
        FROM suppression p
        WHERE p.address_hash = @hash),
    'signups', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'address', g.address, 'language', g.locale,
            'article', g.article_url, 'page', g.page_url, 'wording', nullif(g.wording, @foreign), 'origin_known', g.attested,
            'proven', g.proven, 'ip', host(g.ip), 'user_agent', g.user_agent, 'created_at', g.created_at, 'expires_at', g.expires_at, 'confirmed_at', g.confirmed_at,
            'mail_due_at', g.mail_due_at, 'mail_held_for', g.held, 'code_tries', g.code_tries) ORDER BY g.id), '[]')
        FROM signup g
        JOIN newsletter n ON n.id = g.newsletter_id
        WHERE g.address_key = @key OR g.subscriber_id = (SELECT id FROM person)),
    'subscriptions', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'state', s.state, 'cadence', s.cadence,
            'topics', s.topics, 'language', s.locale, 'timezone', s.zone, 'hour', s.hour, 'paused_until', s.paused_until,
            'next_due_at', s.due_at, 'articles_settled', s.seen_seq, 'created_at', s.created_at, 'ended_at', s.ended_at,
            'end_source', s.end_source) ORDER BY n.slug), '[]')
        FROM subscription s
        JOIN person r ON r.id = s.subscriber_id
        JOIN newsletter n ON n.id = s.newsletter_id),
    'articles_owed', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'article', a.url, 'due_at', o.due_at,
            'reason', o.reason) ORDER BY o.due_at, a.id), '[]')
        FROM owed o
        JOIN person r ON r.id = o.subscriber_id
        JOIN newsletter n ON n.id = o.newsletter_id
        JOIN article a ON a.id = o.article_id),
    'consent', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', e.kind, 'source', e.source,
            'wording', nullif(nullif(e.wording, @foreign), ''), 'language', e.locale, 'at', e.at, 'address', p.address, 'page', p.page_url, 'ip', host(p.ip),
            'user_agent', p.user_agent, 'changes', p.changes) ORDER BY e.id), '[]')
        FROM consent_event e
        JOIN newsletter n ON n.id = e.newsletter_id
        LEFT JOIN consent_person p ON p.event_id = e.id
        WHERE e.id IN (` + ownEvents + `)),
    'mails_with_articles', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', e.kind, 'language', e.locale, 'articles', ARRAY(
                SELECT a.title
                FROM article a
                WHERE a.id = ANY (e.article_ids) AND a.withdrawn_at IS NULL
                ORDER BY a.seq DESC),
            'slot', e.slot, 'created_at', e.created_at, 'state', d.state,
            'tries', d.tries, 'tries_in_doubt', d.doubts, 'due_at', d.due_at, 'settled_at', d.settled_at, 'reply', d.reply,
            'refusals', (
                SELECT coalesce(jsonb_agg(jsonb_build_object('try', t.n, 'at', t.at, 'stage', t.stage, 'code', t.code,
                    'text', t.text, 'counts_as', t.charge) ORDER BY t.n, t.at), '[]')
                FROM attempt t
                WHERE t.month = d.month AND t.edition_id = d.edition_id AND t.subscriber_id = d.subscriber_id)) ORDER BY e.id DESC), '[]')
        FROM person r
        JOIN subscription s ON s.subscriber_id = r.id
        JOIN newsletter n ON n.id = s.newsletter_id
        JOIN edition e ON e.newsletter_id = n.id
        JOIN delivery d ON d.month = e.month AND d.edition_id = e.id AND d.subscriber_id = r.id),
    'address_changes', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'language', c.locale, 'state', c.state,
            'new_address', c.address, 'asked_at', c.asked_at, 'expires_at', c.expires_at, 'settled_at', c.settled_at) ORDER BY c.id), '[]')
        FROM address_change c
        JOIN person r ON r.id = c.subscriber_id
        JOIN newsletter n ON n.id = c.newsletter_id),
    'other_mails', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('newsletter', n.slug, 'kind', t.kind, 'language', t.locale,
            'address', nullif(t.address, ''), 'content', t.content, 'state', t.state, 'tries', t.tries, 'tries_in_doubt', t.doubts,
            'due_at', t.due_at, 'created_at', t.created_at, 'composed_at', t.composed_at, 'settled_at', t.settled_at,
            'reply', t.reply) ORDER BY t.created_at DESC, t.id DESC), '[]')
        FROM notice t
        LEFT JOIN newsletter n ON n.id = t.newsletter_id
        WHERE t.id IN (SELECT id FROM own_notice)),
    'mail_limits', (
        SELECT coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'at', l.at) ORDER BY l.at), '[]')
        FROM address_limit l
        WHERE l.limit_key = @limit),
    'account', (
        SELECT jsonb_build_object('address', a.address, 'name', a.name, 'role', a.role, 'hotline', a.hotline,
            'language', a.locale, 'created_at', a.created_at, 'seen_at', a.seen_at, 'disabled_at', a.disabled_at)
        FROM account a
        WHERE a.address_key = @key))`
)
