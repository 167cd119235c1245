-- name: remember
-- Keep the digest of a key under its name, unless a key of that name still opens something.
INSERT INTO api_key (name, sha256, purpose, created_at) VALUES (%(name)s, %(sha256)s, %(purpose)s, %(now)s)
ON CONFLICT (name) DO UPDATE
SET sha256 = excluded.sha256, purpose = excluded.purpose, created_at = excluded.created_at, revoked_at = NULL
WHERE api_key.revoked_at IS NOT NULL
RETURNING name;

-- name: owner
-- To whom a key belongs. Looked up by digest, so that the time it takes tells nothing of the key.
SELECT name FROM api_key WHERE sha256 = %(sha256)s AND purpose = %(purpose)s AND revoked_at IS NULL;

-- name: revoke
-- Let a key open nothing any more.
UPDATE api_key SET revoked_at = %(now)s WHERE name = %(name)s AND revoked_at IS NULL RETURNING name;

-- name: every_key
-- Every key that was ever made, by name.
SELECT name, purpose, created_at, revoked_at FROM api_key ORDER BY name;
