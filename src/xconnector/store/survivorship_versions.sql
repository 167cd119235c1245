-- name: hold
-- Let nobody else say which table decides until the transaction ends; everybody may read.
LOCK TABLE survivorship_version IN SHARE ROW EXCLUSIVE MODE;

-- name: keep
-- Keep which table decides from now on, unless it is the one that decided last.
INSERT INTO survivorship_version (position, sha256, content, known_since)
SELECT coalesce(last.position, 0) + 1, %(sha256)s, %(content)s, greatest(last.known_since, %(now)s)
FROM (SELECT) AS one
    LEFT JOIN (SELECT position, sha256, known_since FROM survivorship_version ORDER BY position DESC LIMIT 1) AS last ON true
WHERE last.sha256 IS DISTINCT FROM %(sha256)s;

-- name: last
-- Digest of the table that decided last.
SELECT sha256 FROM survivorship_version ORDER BY position DESC LIMIT 1;

-- name: known_at
-- The table that decided at a moment; of a moment before the first, the first.
SELECT sha256, content
FROM survivorship_version
WHERE position = coalesce((SELECT max(position) FROM survivorship_version WHERE known_since <= %(known_at)s), 1);
