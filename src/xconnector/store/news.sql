-- name: lock
-- Lock communications of which news arrived, in one order for all.
SELECT communication_id FROM communication WHERE communication_id = ANY(%(ids)s)
ORDER BY communication_id
FOR UPDATE;

-- name: hand_overs
-- The hand-overs of communications, in the order in which they were intended.
SELECT communication_id, dispatch_key, intended_at FROM dispatch
WHERE communication_id = ANY(%(ids)s)
ORDER BY intended_at, dispatch_key;

-- name: known
-- What is known of hand-overs already.
SELECT dispatch_key, type, detail, occurred_at, sha256(raw) FROM delivery_event WHERE dispatch_key = ANY(%(keys)s);

-- name: take_up_early
-- Give hand-overs the news that came of their communications before there was one; each event is kept once.
UPDATE delivery_event AS early SET dispatch_key = given.dispatch_key
FROM unnest(%(keys)s::text[], %(communications)s::text[]) AS given (dispatch_key, communication_id)
WHERE early.dispatch_key = given.communication_id AND NOT EXISTS (
    SELECT FROM delivery_event AS known
    WHERE known.dispatch_key = given.dispatch_key AND known.type = early.type
        AND known.occurred_at = early.occurred_at AND known.detail = early.detail
);

-- name: take_up_by_reference
-- Give hand-overs the news that came under their reference before that was recorded; what is known stays, as applied.
UPDATE delivery_event AS early
SET dispatch_key = CASE WHEN is_known THEN early.dispatch_key ELSE given.dispatch_key END,
    applied = early.applied OR is_known
FROM (
    SELECT told.event_id, dispatch.dispatch_key, EXISTS (
        SELECT FROM delivery_event AS known
        WHERE known.dispatch_key = dispatch.dispatch_key AND known.type = told.type
            AND known.occurred_at = told.occurred_at AND known.detail = told.detail
    ) AS is_known
    FROM dispatch JOIN delivery_event AS told ON told.dispatch_key = dispatch.connection || '/' || dispatch.reference
    WHERE dispatch.dispatch_key = ANY(%(keys)s) AND dispatch.reference IS NOT NULL AND NOT told.applied
) AS given
WHERE early.event_id = given.event_id;

-- name: of_nobody
-- Reports on hand-overs that nobody knows, by connection.
SELECT split_part(dispatch_key, '/', 1) AS connection, count(*) AS number, min(arrived_at) AS first_at
FROM delivery_event WHERE dispatch_key LIKE '%%/%%' AND NOT applied
GROUP BY 1 ORDER BY 1;
