-- name: remember
-- Keep the digest of a key.
INSERT INTO api_key (name, sha256, purpose, created_at) VALUES (%(name)s, %(sha256)s, %(purpose)s, %(now)s)
ON CONFLICT (name) DO UPDATE
SET sha256 = excluded.sha256, purpose = excluded.purpose, created_at = excluded.created_at, revoked_at = NULL;

-- name: owner
-- To whom a key belongs. Looked up by digest, so that the time it takes tells nothing of the key.
SELECT name FROM api_key WHERE sha256 = %(sha256)s AND purpose = %(purpose)s AND revoked_at IS NULL;
