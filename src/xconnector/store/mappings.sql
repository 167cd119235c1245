-- name: keep
-- Keep mappings under their digests; those that are kept already stay as they are.
INSERT INTO mapping (sha256, name, content, kept_at)
SELECT sha256, name, content, %(now)s
FROM unnest(%(digests)s::text[], %(names)s::text[], %(contents)s::text[]) AS given (sha256, name, content)
ORDER BY sha256
ON CONFLICT (sha256) DO NOTHING;

-- name: find
-- A mapping by its digest.
SELECT sha256, name, content FROM mapping WHERE sha256 = %(sha256)s;
