-- name: lock
-- Let nobody else decide on, or edit, the document of a communication until the transaction ends.
SELECT communication_id FROM review WHERE communication_id = %(communication_id)s FOR UPDATE;

-- name: of_communication
-- The draft of a communication.
SELECT communication_id, connection, reference, link, document_sha256, opened_by, opened_at, returned_at
FROM draft
WHERE communication_id = %(communication_id)s;

-- name: open
-- Remember a draft, unless there is one already.
INSERT INTO draft (communication_id, connection, reference, link, document_sha256, opened_by, opened_at)
VALUES (%(communication_id)s, %(connection)s, %(reference)s, %(link)s, %(document_sha256)s, %(person)s, %(now)s)
ON CONFLICT (communication_id) DO NOTHING;

-- name: mark_returned
-- Say that the documents of a draft are recorded.
UPDATE draft SET returned_at = %(now)s
WHERE communication_id = %(communication_id)s AND reference = %(reference)s AND returned_at IS NULL;

-- name: forget
-- Forget a draft that nobody edits any more.
DELETE FROM draft WHERE communication_id = %(communication_id)s AND reference = %(reference)s;

-- name: returns
-- Which documents of a communication came back from editing, the latest first.
SELECT
    detail ->> 'was' AS was, detail ->> 'document' AS document,
    detail ->> 'edited_by' AS edited_by, actor AS returned_by
FROM ledger
WHERE communication_id = %(communication_id)s AND event = 'draft returned'
ORDER BY entry_id DESC;
