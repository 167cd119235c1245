-- name: remember
-- Write communications, new ones and those that were triggered again.
INSERT INTO communication AS known
    (communication_id, batch_id, record_id, name, customer_key, state, plan, moved_at)
SELECT communication_id, batch_id, record_id, name, customer_key, state,
       string_to_array(plan, ','), %(now)s
FROM unnest(%(ids)s::uuid[], %(batches)s::bigint[], %(records)s::bigint[], %(names)s::text[], %(customers)s::text[],
            %(states)s::text[], %(plans)s::text[])
    AS given (communication_id, batch_id, record_id, name, customer_key, state, plan)
ON CONFLICT (communication_id) DO UPDATE
SET state = excluded.state, plan = excluded.plan, customer_key = excluded.customer_key, hop = 0, attempts = 0,
    moved_at = excluded.moved_at
WHERE known.state = 'triggered';

-- name: freeze
-- Keep the snapshots that communications are made of.
COPY assembly (communication_id, title, language, issued_at, recipient, sort_key, data, review_role, terms,
               project_sha256)
FROM STDIN;

-- name: triggered
-- The batch's communications that wait to be assembled again.
SELECT communication_id, record_id, name
FROM communication
WHERE batch_id = %(batch_id)s AND state = 'triggered'
ORDER BY communication_id
FOR UPDATE;

-- name: in_state
-- The batch's communications in a state with what the next stage needs.
SELECT communication_id, batch_id, name, customer_key, hop, plan, attempts, title, language, issued_at,
       recipient::text AS recipient, review_role, terms::text AS terms
FROM communication JOIN assembly USING (communication_id)
WHERE batch_id = %(batch_id)s AND state = %(state)s AND (retry_at IS NULL OR retry_at <= now())
    AND (%(hop_connection)s::text IS NULL OR plan[hop + 1] = %(hop_connection)s)
ORDER BY communication_id;

-- name: claim
-- Hold communications that are in a state.
SELECT communication_id FROM communication
WHERE communication_id = ANY(%(ids)s) AND state = %(state)s
ORDER BY communication_id
FOR UPDATE;

-- name: standings
-- Communications in a state with what the next stage needs.
SELECT communication_id, batch_id, name, customer_key, hop, plan, attempts, title, language, issued_at,
       recipient::text AS recipient, review_role, terms::text AS terms
FROM communication JOIN assembly USING (communication_id)
WHERE communication_id = ANY(%(ids)s) AND state = %(state)s
ORDER BY communication_id;

-- name: contents
-- What templates get for these communications.
SELECT communication_id, data::text FROM assembly WHERE communication_id = ANY(%(ids)s);

-- name: move
-- Move those that are in the origin state.
UPDATE communication
SET state = %(target)s, attempts = CASE WHEN %(keep_attempts)s THEN attempts ELSE 0 END, retry_at = NULL, moved_at = %(now)s
WHERE communication_id = ANY(%(ids)s) AND state = %(origin)s
RETURNING communication_id;

-- name: move_composed
-- Move communications on with the digest of their document.
UPDATE communication SET state = %(target)s, document_sha256 = given.sha256, attempts = 0, retry_at = NULL, moved_at = %(now)s
FROM unnest(%(ids)s::uuid[], %(digests)s::text[]) AS given (id, sha256)
WHERE communication.communication_id = given.id AND communication.state = %(origin)s
RETURNING communication_id;

-- name: next_hop
-- Take the next hop of each plan; those that have one are archived again.
UPDATE communication
SET hop = hop + 1, attempts = 0, retry_at = NULL, moved_at = %(now)s,
    state = CASE WHEN hop + 1 < cardinality(plan) THEN 'archived' ELSE state END
WHERE communication_id = ANY(%(ids)s) AND state = %(origin)s
RETURNING communication_id, batch_id, hop, plan[hop + 1] AS connection;

-- name: replan
-- Give communications another plan, in one statement with what was decided beside it.
WITH given AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(plans)s::text[], %(terms)s::text[]) AS given (id, plan, terms)
), planned AS (
    UPDATE communication
    SET plan = string_to_array(given.plan, ','),
        -- Another connection is tried as often as any.
        attempts = CASE
            WHEN communication.plan[hop + 1] = (string_to_array(given.plan, ','))[hop + 1] THEN attempts ELSE 0
        END
    FROM given
    WHERE communication.communication_id = given.id
    RETURNING communication.communication_id
)
UPDATE assembly SET terms = given.terms::json
FROM given JOIN planned ON planned.communication_id = given.id
WHERE assembly.communication_id = given.id;

-- name: unseen
-- What a channel has for longer than it may stay unseen there, and nobody was reported to have looked at.
SELECT communication_id, communication.state, (assembly.terms -> 'hops' -> communication.hop::integer ->> 'wait')::interval AS wait
FROM communication JOIN assembly USING (communication_id) JOIN dispatch USING (communication_id)
WHERE communication.batch_id = %(batch_id)s AND communication.state IN ('completed', 'dispatched')
    AND communication.plan[communication.hop + 1] = %(hop_connection)s
    AND communication.hop + 1 < cardinality(communication.plan)
    AND dispatch.hop = communication.hop AND dispatch.state = 'handed_over'
    AND dispatch.intended_at + (assembly.terms -> 'hops' -> communication.hop::integer ->> 'wait')::interval <= %(now)s
    AND NOT EXISTS (
        SELECT FROM delivery_event
        WHERE delivery_event.dispatch_key = dispatch.dispatch_key AND type IN ('opened', 'clicked', 'responded')
            AND NOT by_machine
    )
ORDER BY communication_id;

-- name: open_with_wait
-- Something that is at a channel, whose outcome is not known yet, and that must be seen in its time.
SELECT 1
FROM communication JOIN assembly USING (communication_id)
WHERE communication.batch_id = %(batch_id)s AND communication.state IN ('dispatching', 'outcome_unknown')
    AND communication.plan[communication.hop + 1] = %(hop_connection)s
    AND assembly.terms -> 'hops' -> communication.hop::integer ->> 'wait' IS NOT NULL
LIMIT 1;

-- name: retry_at
-- Let communications wait in their state until their time.
UPDATE communication SET retry_at = given.due_at, attempts = communication.attempts + given.tried
FROM unnest(%(ids)s::uuid[], %(times)s::timestamptz[], %(attempts)s::smallint[]) AS given (id, due_at, tried)
WHERE communication.communication_id = given.id;

-- name: find
-- Communications by the beginning of their id, or by the source key they were made of; each looked up by its index.
WITH wanted AS (
    (
        SELECT communication_id FROM communication
        WHERE communication_id BETWEEN %(first)s AND %(last)s
        ORDER BY communication_id LIMIT 2
    )
    UNION
    (
        SELECT communication.communication_id FROM inbox JOIN communication USING (record_id)
        WHERE inbox.source_key = %(source_key)s AND inbox.fate = 'taken'
        ORDER BY communication.communication_id LIMIT 2
    )
)
SELECT communication.communication_id, communication.batch_id, communication.record_id, communication.name,
       communication.customer_key, communication.state, communication.hop, communication.plan,
       communication.document_sha256, communication.moved_at, run.name AS run_name, assembly.title, assembly.language,
       inbox.source, inbox.source_key
FROM wanted
JOIN communication USING (communication_id)
JOIN inbox USING (record_id)
JOIN batch ON batch.batch_id = communication.batch_id
LEFT JOIN run USING (run_id)
LEFT JOIN assembly USING (communication_id)
ORDER BY inbox.source_key = %(source_key)s DESC, communication.communication_id
LIMIT 2;

-- name: assembly
-- The snapshot a communication is made of.
SELECT communication_id, title, language, issued_at, recipient::text AS recipient, sort_key, data::text AS data,
       review_role, terms::text AS terms, project_sha256
FROM assembly
WHERE communication_id = %(communication_id)s;

-- name: count
-- Communications by name and state.
SELECT name, state, count(*) AS number FROM communication GROUP BY name, state ORDER BY name, state;

-- name: stand_at_last_hop
-- Let communications whose plan is used up stand at its last hop again.
UPDATE communication SET hop = least(hop, cardinality(plan) - 1)
WHERE communication_id = ANY(%(ids)s)
RETURNING batch_id, plan[hop + 1];

-- name: ids_in_state
-- The ids of the batch's communications in a state.
SELECT communication_id FROM communication
WHERE batch_id = %(batch_id)s AND state = %(state)s
    AND (%(hop_connection)s::text IS NULL OR plan[hop + 1] = %(hop_connection)s)
    AND (%(moved_before)s::timestamptz IS NULL OR moved_at < %(moved_before)s)
ORDER BY communication_id;

-- name: document_digests
-- The digest of the document of each communication.
SELECT communication_id, document_sha256 FROM communication WHERE communication_id = ANY(%(ids)s);
