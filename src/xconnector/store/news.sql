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
