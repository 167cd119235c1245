-- name: page
-- Policies in the order of their digests, after the one that was read last.
SELECT sha256, content::text AS content FROM policy
WHERE sha256 > %(after)s
ORDER BY sha256
LIMIT %(most)s;
