-- name: keep
-- Keep tables under their digests; those that are kept already stay as they are.
INSERT INTO decision_table (sha256, name, content, kept_at)
SELECT sha256, name, content, %(now)s
FROM unnest(%(digests)s::text[], %(names)s::text[], %(contents)s::text[]) AS given (sha256, name, content)
ORDER BY sha256
ON CONFLICT (sha256) DO NOTHING;

-- name: find
-- A table by its digest.
SELECT sha256, name, content, kept_at FROM decision_table WHERE sha256 = %(sha256)s;

-- name: find_all
-- Tables by their digests.
SELECT sha256, name, content, kept_at FROM decision_table WHERE sha256 = ANY(%(digests)s);

-- name: begins_with
-- Digests of the tables of a name that begin with these digits.
SELECT sha256 FROM decision_table
WHERE name = %(name)s AND starts_with(sha256, %(digits)s)
ORDER BY sha256
LIMIT 2;

-- name: standing
-- The last word said of tables, which of these digests no table is kept under, and the table of survivorship that decided last.
SELECT
    (SELECT sha256 FROM table_event ORDER BY position DESC LIMIT 1) AS head,
    ARRAY(
        SELECT given.sha256 FROM unnest(%(digests)s::text[]) AS given (sha256)
        WHERE NOT EXISTS (SELECT FROM decision_table WHERE decision_table.sha256 = given.sha256)
    ) AS unkept,
    (SELECT sha256 FROM survivorship_version ORDER BY position DESC LIMIT 1) AS survivorship;

-- name: page
-- Kept tables in the order of their digests, after the one that was read last.
SELECT sha256, name, content, kept_at FROM decision_table
WHERE sha256 > %(after)s
ORDER BY sha256
LIMIT %(most)s;
