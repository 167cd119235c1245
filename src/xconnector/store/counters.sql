-- name: listen
-- Say under which keys events cancel communications.
INSERT INTO ask_counter (key, communication_id)
SELECT * FROM unnest(%(keys)s::uuid[], %(ids)s::uuid[])
ON CONFLICT DO NOTHING;

-- name: hear
-- Keep events that some kind waits for, or that cancel it.
INSERT INTO heard (key, record_id, event_type, source, source_key, as_of, heard_at, member_key, keyed_for)
SELECT key, record_id, event_type, source, source_key, as_of, %(now)s, member_key, nullif(customer_key, member_key)
FROM unnest(%(keys)s::uuid[], %(records)s::bigint[], %(events)s::text[], %(sources)s::text[], %(source_keys)s::text[],
            %(as_of)s::timestamptz[], %(members)s::text[], %(customers)s::text[])
    AS given (key, record_id, event_type, source, source_key, as_of, member_key, customer_key)
ON CONFLICT DO NOTHING;

-- name: heard
-- Under each key the event that happened first, and the one that happened last.
SELECT key, record_id, event_type, source, source_key, as_of
FROM (
    SELECT DISTINCT ON (key) * FROM heard WHERE key = ANY(%(keys)s) ORDER BY key, as_of, record_id
) AS first
UNION
SELECT key, record_id, event_type, source, source_key, as_of
FROM (
    SELECT DISTINCT ON (key) * FROM heard WHERE key = ANY(%(keys)s) ORDER BY key, as_of DESC, record_id DESC
) AS last;

-- name: lock
-- Lock communications, in one order for all.
SELECT communication_id FROM communication WHERE communication_id = ANY(%(ids)s)
ORDER BY communication_id
FOR UPDATE;

-- name: meant
-- Communications with how they stand, and when they were handed over.
SELECT communication.communication_id, communication.batch_id, communication.name, communication.state, ask.as_of,
       communication.plan[communication.hop + 1] AS connection, (
           SELECT max(dispatch.intended_at) FROM dispatch
           WHERE dispatch.communication_id = communication.communication_id
               AND dispatch.state IN ('dispatching', 'handed_over', 'outcome_unknown', 'undeliverable', 'withdrawn')
       ) AS handed_over_at
FROM communication JOIN ask USING (communication_id)
WHERE communication.communication_id = ANY(%(ids)s)
ORDER BY communication.communication_id;

-- name: listening
-- Which communications listen under these keys that can still be cancelled, now or when they come back.
SELECT key, communication_id FROM ask_counter JOIN communication USING (communication_id)
WHERE key = ANY(%(keys)s) AND state <> ALL(%(over)s);

-- name: forget_listeners
-- Forget under which keys communications were cancelled that are over for good.
DELETE FROM ask_counter WHERE (key, communication_id) IN (
    SELECT key, communication_id FROM ask_counter JOIN communication USING (communication_id)
    WHERE state = ANY(%(over)s)
    LIMIT %(most)s
);

-- name: add
-- Keep that events came to cancel communications, and whether they did.
INSERT INTO counter (communication_id, record_id, source, source_key, event_type, as_of, heard_at, stood, stopped_at)
SELECT communication_id, record_id, source, source_key, event_type, as_of, %(now)s, stood, stopped_at
FROM unnest(%(ids)s::uuid[], %(records)s::bigint[], %(sources)s::text[], %(source_keys)s::text[], %(events)s::text[],
            %(as_of)s::timestamptz[], %(stood)s::text[], %(stopped)s::timestamptz[])
    AS given (communication_id, record_id, source, source_key, event_type, as_of, stood, stopped_at)
ON CONFLICT DO NOTHING;

-- name: pending
-- Of these communications the first event each that came to cancel it and could not.
SELECT DISTINCT ON (communication_id) communication_id, record_id, source, source_key, event_type, as_of, heard_at, stood,
       stopped_at
FROM counter
WHERE communication_id = ANY(%(ids)s) AND stopped_at IS NULL
ORDER BY communication_id, heard_at, record_id;

-- name: stop
-- Record that communications are cancelled after all by what came to cancel them.
UPDATE counter SET stopped_at = %(now)s WHERE communication_id = ANY(%(ids)s) AND stopped_at IS NULL;

-- name: of_communication
-- The events that came to cancel a communication.
SELECT communication_id, record_id, source, source_key, event_type, as_of, heard_at, stood, stopped_at
FROM counter
WHERE communication_id = %(communication_id)s
ORDER BY heard_at, record_id;
