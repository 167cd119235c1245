-- name: intend
-- Record hand-overs before they are tried; one that was put off is intended again.
INSERT INTO dispatch (dispatch_key, communication_id, hop, connection, state, collects, intended_at, only_at)
SELECT dispatch_key, communication_id, hop, connection, state, state = 'collected', %(now)s, connection
FROM unnest(%(keys)s::text[], %(ids)s::uuid[], %(hops)s::smallint[], %(connections)s::text[], %(states)s::text[])
    AS given (dispatch_key, communication_id, hop, connection, state)
ON CONFLICT (dispatch_key) DO UPDATE
SET state = excluded.state, collects = excluded.collects, connection = excluded.connection,
    intended_at = excluded.intended_at, only_at = excluded.only_at, settled_at = NULL, bundle_key = NULL, bundle_position = NULL
WHERE dispatch.state = 'put_off';

-- name: first_intended
-- When hand-overs were first intended, before they were put off.
SELECT dispatch_key, coalesce(first_intended_at, intended_at) FROM dispatch WHERE dispatch_key = ANY(%(keys)s);

-- name: close
-- Record what became of hand-overs that are open; an unknown outcome can still turn out to have arrived.
UPDATE dispatch
SET state = given.state, reference = coalesce(given.reference, dispatch.reference), settled_at = %(now)s
FROM unnest(%(keys)s::text[], %(states)s::text[], %(references)s::text[]) AS given (dispatch_key, state, reference)
WHERE dispatch.dispatch_key = given.dispatch_key
    AND (dispatch.state = 'dispatching' OR (dispatch.state = 'outcome_unknown' AND given.state = 'handed_over'))
RETURNING dispatch.dispatch_key;

-- name: note_what_it_took
-- Keep what channels say that hand-overs take.
UPDATE dispatch SET segments = given.segments, price = given.price, currency = given.currency
FROM unnest(%(keys)s::text[], %(segments)s::integer[], %(prices)s::numeric[], %(currencies)s::text[])
    AS given (dispatch_key, segments, price, currency)
WHERE dispatch.dispatch_key = given.dispatch_key;

-- name: open_hand_overs
-- Hand-overs whose result is not recorded.
SELECT communication_id, dispatch_key, connection FROM dispatch
WHERE communication_id = ANY(%(ids)s) AND state = 'dispatching';

-- name: bound
-- Where hand-overs that were put off may have arrived.
SELECT communication_id, only_at FROM dispatch JOIN communication USING (communication_id, hop)
WHERE communication_id = ANY(%(ids)s) AND dispatch.state = 'put_off' AND only_at IS NOT NULL;

-- name: release
-- Say of hand-overs that were put off that they surely arrived nowhere.
UPDATE dispatch SET only_at = NULL WHERE dispatch_key = ANY(%(keys)s) AND state = 'put_off';

-- name: closed_hand_overs
-- How many hand-overs of each hop are over; one that was put off keeps its key.
SELECT communication_id, hop, count(*) FROM dispatch
WHERE communication_id = ANY(%(ids)s) AND state <> 'put_off'
GROUP BY communication_id, hop;

-- name: mark
-- Record what a channel reported of hand-overs that it has, or that were of unknown outcome.
UPDATE dispatch SET state = %(state)s, settled_at = %(now)s
WHERE dispatch_key = ANY(%(keys)s) AND state IN ('handed_over', 'outcome_unknown') AND state <> %(state)s;

-- name: mark_latest
-- Record what is known now of the latest hand-over of each communication.
UPDATE dispatch SET state = %(state)s, settled_at = %(now)s
FROM (
    SELECT DISTINCT ON (communication_id) dispatch_key FROM dispatch
    WHERE communication_id = ANY(%(ids)s) ORDER BY communication_id, intended_at DESC
) AS latest
WHERE dispatch.dispatch_key = latest.dispatch_key AND dispatch.state = 'handed_over';

-- name: give_up_put_off
-- Give up hand-overs that were put off and will not be tried again.
UPDATE dispatch SET state = 'given_up', settled_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state = 'put_off';

-- name: give_up_collected
-- Give up hand-overs that were collected for a bundle.
UPDATE dispatch SET state = 'given_up', settled_at = %(now)s WHERE dispatch_key = ANY(%(keys)s) AND state = 'collected';

-- name: withdraw
-- Give up hand-overs of communications that will not leave: collected or put off.
UPDATE dispatch SET state = 'given_up', settled_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state IN ('collected', 'put_off');

-- name: take_back
-- Let hand-overs that did not happen wait in their bundle again.
UPDATE dispatch SET state = 'collected' WHERE dispatch_key = ANY(%(keys)s) AND state = 'dispatching';

-- name: release_pieces
-- Put off the pieces of a bundle that was never handed over.
UPDATE dispatch SET state = 'put_off' WHERE bundle_key = %(bundle_key)s AND state = 'collected';

-- name: start_bundle
-- Record which pieces of a bundle are about to be handed over, and that the others will not be.
UPDATE dispatch
SET state = CASE WHEN communication.state = 'dispatching' THEN 'dispatching' ELSE 'given_up' END,
    settled_at = CASE WHEN communication.state = 'dispatching' THEN dispatch.settled_at ELSE %(now)s END
FROM communication
WHERE dispatch.bundle_key = %(bundle_key)s AND dispatch.state = 'collected'
    AND communication.communication_id = dispatch.communication_id;

-- name: settle_unknown
-- Record what was found out of hand-overs whose outcome was unknown; earlier ones were settled before.
UPDATE dispatch SET state = %(state)s, settled_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state = 'outcome_unknown';

-- name: reported
-- Dispatches of which news arrived, with where their communications stand.
SELECT dispatch.dispatch_key, dispatch.communication_id, communication.batch_id,
       communication.state AS communication_state, dispatch.state AS dispatch_state,
       dispatch.hop = communication.hop AND NOT EXISTS (
           SELECT FROM dispatch AS later
           WHERE later.communication_id = dispatch.communication_id AND later.hop = dispatch.hop
               AND later.intended_at > dispatch.intended_at
       ) AS is_latest
FROM dispatch JOIN communication USING (communication_id)
WHERE dispatch.dispatch_key = ANY(%(keys)s)
ORDER BY dispatch.communication_id
FOR UPDATE OF communication;

-- name: of_communication
-- The hand-overs of one communication.
SELECT dispatch_key, communication_id, hop, connection, bundle_key, state, reference, intended_at, settled_at, segments,
       price, currency
FROM dispatch
WHERE communication_id = %(communication_id)s
ORDER BY intended_at, dispatch_key;

-- name: addressees
-- To whom hand-overs went, and by which addresses.
SELECT dispatch.dispatch_key, dispatch.connection, dispatch.intended_at, communication.customer_key,
       assembly.recipient::text AS recipient
FROM dispatch JOIN communication USING (communication_id) JOIN assembly USING (communication_id)
WHERE dispatch.dispatch_key = ANY(%(keys)s)
ORDER BY dispatch.dispatch_key;

-- name: lock_reported
-- Lock the communications of dispatches of which news arrived, in one order for all.
SELECT communication_id FROM communication
WHERE communication_id IN (SELECT communication_id FROM dispatch WHERE dispatch_key = ANY(%(keys)s))
ORDER BY communication_id
FOR UPDATE;

-- name: remember_events
-- Keep delivery events, each once.
INSERT INTO delivery_event
    (dispatch_key, type, reason, detail, final, by_machine, occurred_at, arrived_at, raw, request_id, mark)
SELECT dispatch_key, type, reason, detail, final, by_machine, occurred_at, %(now)s, raw, request_id, mark
FROM unnest(%(keys)s::text[], %(types)s::text[], %(reasons)s::text[], %(details)s::text[], %(finals)s::boolean[],
            %(machines)s::boolean[], %(occurred)s::timestamptz[], %(raws)s::bytea[], %(requests)s::bigint[],
            %(marks)s::bytea[])
    AS given (dispatch_key, type, reason, detail, final, by_machine, occurred_at, raw, request_id, mark)
ON CONFLICT DO NOTHING
RETURNING dispatch_key;

-- name: events_of
-- Everything channels reported of one communication, also before it was handed over.
SELECT dispatch_key, type, reason, detail, final, by_machine, occurred_at, raw
FROM delivery_event
WHERE dispatch_key = %(communication_id)s::uuid::text
    OR dispatch_key IN (SELECT dispatch_key FROM dispatch WHERE communication_id = %(communication_id)s)
ORDER BY occurred_at, event_id;

-- name: unapplied_events
-- Events that have not taken effect yet.
SELECT dispatch_key, type, reason, detail, final, by_machine, occurred_at, raw
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
