-- name: publish
-- Publish a document; the first under a key stays.
INSERT INTO portal_document (dispatch_key, communication_id, communication, customer_key, title, language, sha256, pack,
                             pack_offset, pack_length, published_at)
VALUES (%(dispatch_key)s, %(communication_id)s, %(communication)s, %(customer_key)s, %(title)s, %(language)s, %(sha256)s,
        %(pack)s, %(pack_offset)s, %(pack_length)s, %(published_at)s)
ON CONFLICT (dispatch_key) DO NOTHING
RETURNING dispatch_key, communication_id, communication, customer_key, title, language, sha256, pack, pack_offset,
          pack_length, published_at;

-- name: withdraw
-- Take a document out of its customer's sight; who did so first is the one who did.
UPDATE portal_document SET withdrawn_at = coalesce(withdrawn_at, %(now)s)
WHERE dispatch_key = %(dispatch_key)s
RETURNING dispatch_key;

-- name: find
-- A published document.
SELECT dispatch_key, communication_id, communication, customer_key, title, language, sha256, pack, pack_offset, pack_length,
       published_at
FROM portal_document
WHERE dispatch_key = %(dispatch_key)s;

-- name: find_of_customer
-- A document of one of the members of a customer, unless it was withdrawn.
SELECT dispatch_key, communication_id, communication, portal_document.customer_key, title, language, sha256, pack,
       pack_offset, pack_length, published_at
FROM members_of(ARRAY[%(customer_key)s::text]) AS member
JOIN portal_document ON portal_document.customer_key = member.member_key
WHERE dispatch_key = %(dispatch_key)s AND withdrawn_at IS NULL;

-- name: of_customer
-- The documents of all members of a customer that were not withdrawn, newest first.
SELECT dispatch_key, communication_id, communication, portal_document.customer_key, title, language, sha256, pack,
       pack_offset, pack_length, published_at
FROM members_of(ARRAY[%(customer_key)s::text]) AS member
JOIN portal_document ON portal_document.customer_key = member.member_key
WHERE withdrawn_at IS NULL
ORDER BY published_at DESC, dispatch_key
LIMIT %(limit)s;
