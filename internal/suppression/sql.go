package suppression

// StopsNewsletters is the condition, for SQL, that a row p of suppression stops
// newsletters to its address: whoever said "not me" answered for a sign-up only.
const StopsNewsletters = `p.reason <> 'not me'`

const (
	// A reason's place in the array is its weight.
	add = `
INSERT INTO suppression AS s (address_hash, reason, detail, at)
VALUES (@hash, @reason, @detail, @now)
ON CONFLICT (address_hash) DO UPDATE
SET reason = EXCLUDED.reason, detail = EXCLUDED.detail, at = EXCLUDED.at
WHERE array_position(ARRAY['erased', 'not me', 'repeated bounces', 'hard bounce', 'spam report', 'by hand'], EXCLUDED.reason)
    > array_position(ARRAY['erased', 'not me', 'repeated bounces', 'hard bounce', 'spam report', 'by hand'], s.reason)`

	has = `
SELECT coalesce((SELECT reason FROM suppression WHERE address_hash = @hash), '')`

	hasAny = `
SELECT address_hash, reason
FROM suppression
WHERE address_hash = ANY (@hashes::bytea[])`

	remove = `
DELETE FROM suppression
WHERE address_hash = @hash
  AND (cardinality(@reasons::text[]) = 0 OR reason = ANY (@reasons::text[]))`
)
