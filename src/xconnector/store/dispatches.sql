-- name: intend
-- Record hand-overs before they are tried.
INSERT INTO dispatch (dispatch_key, communication_id, hop, connection, state, collects, intended_at)
SELECT dispatch_key, communication_id, hop, connection, state, state = 'collected', %(now)s
FROM unnest(%(keys)s::text[], %(ids)s::uuid[], %(hops)s::smallint[], %(connections)s::text[], %(states)s::text[])
    AS given (dispatch_key, communication_id, hop, connection, state)
ON CONFLICT (dispatch_key) DO UPDATE
SET state = excluded.state, collects = excluded.collects, intended_at = excluded.intended_at, settled_at = NULL,
    bundle_key = NULL, bundle_position = NULL;

-- name: settle
-- Record what became of hand-overs.
UPDATE dispatch
SET state = given.state, reference = coalesce(given.reference, dispatch.reference), settled_at = %(now)s
FROM unnest(%(keys)s::text[], %(states)s::text[], %(references)s::text[]) AS given (dispatch_key, state, reference)
WHERE dispatch.dispatch_key = given.dispatch_key;

-- name: settle_open
-- Record what became of hand-overs whose result is not recorded.
UPDATE dispatch SET state = %(state)s, settled_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state = 'dispatching';

-- name: settle_unknown
-- Record what was found out of hand-overs whose outcome was unknown.
UPDATE dispatch SET state = %(state)s, settled_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state = 'outcome_unknown';

-- name: of_communication
-- The hand-overs of one communication.
SELECT dispatch_key, communication_id, hop, connection, bundle_key, state, reference, intended_at, settled_at
FROM dispatch
WHERE communication_id = %(communication_id)s
ORDER BY intended_at, dispatch_key;

-- name: resends
-- How many hand-overs of each hop were given up as unknown, refused or undeliverable.
SELECT communication_id, hop, count(*) FROM dispatch
WHERE communication_id = ANY(%(ids)s) AND state IN ('outcome_unknown', 'refused', 'undeliverable')
GROUP BY communication_id, hop;

-- name: lock_reported
-- Lock the communications of dispatches of which news arrived, in one order for all.
SELECT communication_id FROM communication
WHERE communication_id IN (SELECT communication_id FROM dispatch WHERE dispatch_key = ANY(%(keys)s))
ORDER BY communication_id
FOR UPDATE;

-- name: reported
-- Dispatches of which news arrived, with where their communications stand.
SELECT dispatch.dispatch_key, dispatch.communication_id, communication.batch_id,
       communication.state AS communication_state, communication.hop AS communication_hop, dispatch.hop,
       dispatch.state AS dispatch_state
FROM dispatch JOIN communication USING (communication_id)
WHERE dispatch.dispatch_key = ANY(%(keys)s)
ORDER BY dispatch.communication_id;

-- name: remember_events
-- Keep delivery events, each once.
INSERT INTO delivery_event (dispatch_key, type, reason, detail, final, occurred_at, arrived_at, raw)
SELECT dispatch_key, type, reason, detail, final, occurred_at, %(now)s, raw
FROM unnest(%(keys)s::text[], %(types)s::text[], %(reasons)s::text[], %(details)s::text[], %(finals)s::boolean[],
            %(occurred)s::timestamptz[], %(raws)s::bytea[])
    AS given (dispatch_key, type, reason, detail, final, occurred_at, raw)
ON CONFLICT (dispatch_key, type, occurred_at, detail) DO NOTHING
RETURNING dispatch_key;

-- name: events_of
-- Everything channels reported of one communication.
SELECT delivery_event.dispatch_key, type, reason, detail, final, occurred_at, raw
FROM dispatch JOIN delivery_event USING (dispatch_key)
WHERE dispatch.communication_id = %(communication_id)s
ORDER BY occurred_at, event_id;

-- name: unapplied_events
-- Events that have not taken effect yet.
SELECT dispatch_key, type, reason, detail, final, occurred_at, raw
FROM delivery_event
WHERE dispatch_key = ANY(%(keys)s) AND NOT applied
ORDER BY occurred_at, event_id;

-- name: mark_applied
-- Say that the events known of these dispatches have taken effect.
UPDATE delivery_event SET applied = true WHERE dispatch_key = ANY(%(keys)s) AND NOT applied;

-- name: any_rerouted
-- A communication that came back from one connection and was handed over to another.
SELECT back.communication_id
FROM dispatch AS back JOIN dispatch AS onward USING (communication_id)
WHERE back.connection = %(origin)s AND back.state = 'undeliverable'
    AND onward.connection = %(target)s AND onward.state = 'handed_over'
ORDER BY back.communication_id
LIMIT 1;
