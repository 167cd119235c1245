-- name: waiting_runs
-- Sealed runs with pieces that wait for this channel; what comes late (a bounce that takes the next hop) waits for the
-- cut-off like a single piece.
WITH waiting AS MATERIALIZED (
    SELECT batch.run_id, min(dispatch.intended_at) AS first_at
    FROM dispatch JOIN communication USING (communication_id) JOIN batch USING (batch_id)
    WHERE dispatch.connection = %(channel)s AND dispatch.collects AND dispatch.bundle_key IS NULL
        AND dispatch.state = 'collected' AND batch.run_id IS NOT NULL
    GROUP BY batch.run_id
)
SELECT run.run_id, run.name AS run_name
FROM waiting JOIN run USING (run_id)
WHERE run.sealed_at IS NOT NULL
    AND (waiting.first_at < %(collected_before)s
        OR NOT EXISTS (SELECT FROM bundle WHERE bundle.run_id = run.run_id AND bundle.connection = %(channel)s))
ORDER BY run.started_at;

-- name: any_batch_under_way
-- A batch of the run of which something may still come to a channel. The latest are looked at first: they are the
-- last to be through, so that as a rule one look is enough.
SELECT batch.batch_id
FROM (SELECT batch_id FROM batch WHERE run_id = %(run_id)s ORDER BY batch_id DESC) AS batch
CROSS JOIN LATERAL (
    SELECT FROM communication
    WHERE communication.batch_id = batch.batch_id
        AND communication.state IN ('triggered', 'decided', 'composing', 'released', 'archived', 'dispatching')
    UNION ALL
    SELECT FROM inbox WHERE inbox.batch_id = batch.batch_id AND inbox.fate = 'taken' AND inbox.made IS NULL
    LIMIT 1
) AS under_way
LIMIT 1;

-- name: ready_singles
-- The single pieces, when one that waits was collected before this time.
SELECT NULL::uuid AS run_id, NULL::text AS run_name
FROM dispatch JOIN communication USING (communication_id) JOIN batch USING (batch_id)
WHERE dispatch.connection = %(channel)s AND dispatch.collects AND dispatch.bundle_key IS NULL
    AND dispatch.state = 'collected' AND batch.run_id IS NULL
HAVING min(dispatch.intended_at) < %(collected_before)s;

-- name: count_waiting
-- How many pieces of a run, or single ones, wait for a bundle.
SELECT count(*)
FROM dispatch JOIN communication USING (communication_id) JOIN batch USING (batch_id)
WHERE dispatch.connection = %(channel)s AND dispatch.collects AND dispatch.bundle_key IS NULL
    AND dispatch.state = 'collected' AND communication.state = 'collected'
    AND batch.run_id IS NOT DISTINCT FROM %(run_id)s::uuid;

-- name: open_bundle
-- Make a bundle that has no pieces yet.
INSERT INTO bundle (bundle_key, connection, run_id, pieces, state, created_at)
VALUES (%(bundle_key)s, %(channel)s, %(run_id)s, 0, 'collected', %(now)s);

-- name: bind
-- Bind waiting pieces to a bundle in print order.
UPDATE dispatch SET bundle_key = %(bundle_key)s, bundle_position = chosen.position
FROM (
    SELECT waiting.dispatch_key, row_number() OVER (ORDER BY waiting.sort_key, waiting.communication_id) AS position
    FROM (
        SELECT dispatch.dispatch_key, assembly.sort_key, dispatch.communication_id
        FROM dispatch JOIN communication USING (communication_id) JOIN batch USING (batch_id)
            JOIN assembly USING (communication_id)
        WHERE dispatch.connection = %(channel)s AND dispatch.collects AND dispatch.bundle_key IS NULL
            AND dispatch.state = 'collected' AND communication.state = 'collected'
            AND batch.run_id IS NOT DISTINCT FROM %(run_id)s::uuid
        ORDER BY assembly.sort_key, dispatch.communication_id
        LIMIT %(at_most)s
    ) AS waiting
) AS chosen
WHERE dispatch.dispatch_key = chosen.dispatch_key;

-- name: count_pieces
-- Record how many pieces a bundle holds, and give them numbers that no other pieces of the connection have.
WITH numbered AS (
    INSERT INTO piece_number (connection, next) VALUES (%(channel)s, %(pieces)s)
    ON CONFLICT (connection) DO UPDATE SET next = piece_number.next + excluded.next
    RETURNING next - %(pieces)s AS first_number
)
UPDATE bundle SET pieces = %(pieces)s, first_number = numbered.first_number
FROM numbered WHERE bundle_key = %(bundle_key)s;

-- name: find
-- A bundle with the name of its run.
SELECT bundle.bundle_key, bundle.connection, bundle.run_id, run.name AS run_name, bundle.pieces, bundle.state,
       bundle.attempts, bundle.reference, bundle.created_at, bundle.first_number, (
           SELECT sum(pieces) FROM bundle AS lately
           WHERE lately.connection = bundle.connection
               AND lately.created_at BETWEEN bundle.created_at - interval '45 days' AND bundle.created_at
       )::bigint AS lately
FROM bundle LEFT JOIN run USING (run_id)
WHERE bundle_key = %(bundle_key)s;

-- name: set_state
-- Move a bundle on.
UPDATE bundle SET state = %(target)s, reference = coalesce(%(reference)s, reference)
WHERE bundle_key = %(bundle_key)s AND state = %(origin)s;

-- name: count_attempt
-- Count an attempt to hand a bundle over.
UPDATE bundle SET attempts = attempts + 1 WHERE bundle_key = %(bundle_key)s;

-- name: pieces
-- The pieces of a bundle in print order, with the place of each letter, and whether what is there is what was released.
SELECT dispatch.dispatch_key, dispatch.communication_id, communication.batch_id, communication.name, assembly.title,
       assembly.language, assembly.recipient::text AS recipient,
       assembly.terms -> 'hops' -> dispatch.hop::integer ->> 'proof' AS proof,
       (assembly.terms -> 'print_options')::text AS print_options, rendition.sha256, rendition.pages, rendition.pack,
       rendition.pack_offset, rendition.pack_length,
       communication.document_sha256 IS NOT DISTINCT FROM (
           SELECT encode(sha256(string_agg(kind || ' ' || every.sha256 || E'\n', ''
                                           ORDER BY (kind || ' ' || every.sha256) COLLATE "C")::bytea), 'hex')
           FROM rendition AS every WHERE every.communication_id = dispatch.communication_id
       ) AS is_released, (
           SELECT earlier.dispatch_key FROM dispatch AS earlier
           WHERE earlier.communication_id = dispatch.communication_id AND earlier.hop = dispatch.hop
               AND earlier.state = 'handed_over' AND earlier.intended_at < dispatch.intended_at
           ORDER BY earlier.intended_at DESC LIMIT 1
       ) AS reprint_of
FROM dispatch
JOIN communication USING (communication_id)
JOIN assembly USING (communication_id)
LEFT JOIN rendition ON rendition.communication_id = dispatch.communication_id AND rendition.kind = 'letter'
WHERE dispatch.bundle_key = %(bundle_key)s AND dispatch.state IN ('collected', 'dispatching')
ORDER BY dispatch.bundle_position;
