-- name: lock
-- Lock communications of which news arrived, in one order for all.
SELECT communication_id FROM communication WHERE communication_id = ANY(%(ids)s)
ORDER BY communication_id
FOR UPDATE;

-- name: meant
-- The hand-overs that new events of communications mean; events that are known already are left out.
SELECT given.place, coalesce(
    (
        SELECT dispatch_key FROM dispatch
        WHERE dispatch.communication_id = given.communication_id AND dispatch.intended_at <= given.occurred_at
        ORDER BY intended_at DESC, dispatch_key DESC LIMIT 1
    ),
    (
        SELECT dispatch_key FROM dispatch
        WHERE dispatch.communication_id = given.communication_id
        ORDER BY intended_at, dispatch_key LIMIT 1
    ),
    given.communication_id::text
) AS dispatch_key
FROM unnest(%(places)s::integer[], %(ids)s::uuid[], %(types)s::text[], %(details)s::text[],
            %(occurred)s::timestamptz[], %(raws)s::bytea[])
    AS given (place, communication_id, type, detail, occurred_at, raw)
WHERE NOT EXISTS (
    SELECT FROM delivery_event AS known
    WHERE known.dispatch_key IN (
            SELECT dispatch_key FROM dispatch WHERE dispatch.communication_id = given.communication_id
            UNION ALL SELECT given.communication_id::text
        )
        AND known.type = given.type AND known.detail = given.detail
        AND (known.occurred_at = given.occurred_at OR (known.raw = given.raw AND given.raw <> ''))
);

-- name: take_up_early
-- Give hand-overs the news that came of their communications before there was one; each event is kept once.
UPDATE delivery_event AS early SET dispatch_key = given.dispatch_key
FROM unnest(%(keys)s::text[], %(communications)s::text[]) AS given (dispatch_key, communication_id)
WHERE early.dispatch_key = given.communication_id AND NOT EXISTS (
    SELECT FROM delivery_event AS known
    WHERE known.dispatch_key = given.dispatch_key AND known.type = early.type
        AND known.occurred_at = early.occurred_at AND known.detail = early.detail
);
