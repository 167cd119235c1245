-- name: request
-- Ask for reviews; a new document voids an earlier verdict.
INSERT INTO review (communication_id, role, document_sha256, requested_at)
SELECT communication_id, role, document_sha256, %(now)s
FROM unnest(%(ids)s::uuid[], %(roles)s::text[], %(digests)s::text[]) AS given (communication_id, role, document_sha256)
ON CONFLICT (communication_id) DO UPDATE
SET role = excluded.role, document_sha256 = excluded.document_sha256, requested_at = excluded.requested_at,
    decision = NULL, person = NULL, reason = NULL, decided_at = NULL;

-- name: waiting
-- Open reviews, oldest first.
SELECT review.communication_id, communication.batch_id, communication.name, review.role, review.document_sha256,
       review.requested_at, review.decision, review.person, review.reason, review.decided_at,
       draft.opened_by AS edited_by
FROM review JOIN communication USING (communication_id)
LEFT JOIN draft ON draft.communication_id = review.communication_id AND draft.returned_at IS NULL
    AND draft.document_sha256 = review.document_sha256
WHERE review.decision IS NULL AND communication.state = 'in_review'
    AND (%(role)s::text IS NULL OR review.role = %(role)s)
ORDER BY review.requested_at, review.communication_id
LIMIT %(limit)s;

-- name: count_waiting
-- How many reviews are open.
SELECT count(*)
FROM review JOIN communication USING (communication_id)
WHERE review.decision IS NULL AND communication.state = 'in_review';

-- name: of_communication
-- The review of a communication.
SELECT review.communication_id, communication.batch_id, communication.name, review.role, review.document_sha256,
       review.requested_at, review.decision, review.person, review.reason, review.decided_at,
       draft.opened_by AS edited_by
FROM review JOIN communication USING (communication_id)
LEFT JOIN draft ON draft.communication_id = review.communication_id AND draft.returned_at IS NULL
    AND draft.document_sha256 = review.document_sha256
WHERE review.communication_id = %(communication_id)s;

-- name: decide
-- Record a verdict on exactly the named document.
UPDATE review SET decision = %(decision)s, person = %(person)s, reason = %(reason)s, decided_at = %(now)s
WHERE communication_id = %(communication_id)s AND document_sha256 = %(document_sha256)s AND decision IS NULL;
