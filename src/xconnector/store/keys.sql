-- name: remember
-- Keep the digest of a key under its name, unless a key of that name still opens something.
INSERT INTO api_key (name, sha256, purpose, created_at) VALUES (%(name)s, %(sha256)s, %(purpose)s, %(now)s)
ON CONFLICT (name) DO UPDATE
SET sha256 = excluded.sha256, purpose = excluded.purpose, created_at = excluded.created_at, revoked_at = NULL
WHERE api_key.revoked_at IS NOT NULL
RETURNING name;

-- name: owners
-- To whom keys belong, as (place from 1, name). Looked up by digest, so that the time it takes tells nothing of a key.
SELECT given.place, api_key.name
FROM unnest(%(sha256)s::text[], %(purposes)s::text[]) WITH ORDINALITY AS given (sha256, purpose, place)
JOIN api_key ON api_key.sha256 = given.sha256 AND api_key.purpose = given.purpose AND api_key.revoked_at IS NULL;

-- name: revoke
-- Let a key open nothing any more.
UPDATE api_key SET revoked_at = %(now)s WHERE name = %(name)s AND revoked_at IS NULL RETURNING name;

-- name: every_key
-- Every key that was ever made, by name.
SELECT name, purpose, created_at, revoked_at FROM api_key ORDER BY name;
