-- name: forget
-- Forget renditions that are composed anew.
DELETE FROM rendition WHERE communication_id = ANY(%(ids)s);

-- name: remember
-- Keep where renditions lie.
COPY rendition (communication_id, kind, sha256, pages, pack, pack_offset, pack_length, engine) FROM STDIN;

-- name: of_communications
-- The renditions of communications.
SELECT communication_id, kind, sha256, pages, pack, pack_offset, pack_length, engine
FROM rendition
WHERE communication_id = ANY(%(ids)s)
ORDER BY communication_id, kind;

-- name: remember_archived
-- Keep index rows of what was archived.
INSERT INTO archive_record (communication_id, kind, sha256, connection, address, record_class, retain_until, archived_at)
SELECT * FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(sha256)s::text[], %(connections)s::text[],
                     %(addresses)s::text[], %(classes)s::text[], %(until)s::date[], %(at)s::timestamptz[])
ON CONFLICT (communication_id, kind) DO NOTHING;

-- name: archived_of
-- What is archived of one communication.
SELECT communication_id, kind, sha256, connection, address, record_class, retain_until, archived_at
FROM archive_record
WHERE communication_id = %(communication_id)s
ORDER BY kind;
