-- name: server_process
-- The process of this session; its parent is the server.
SELECT pg_backend_pid();

-- name: is_busy
-- Whether any work waits or runs. Asked while measuring: unlike a count of all rows it costs next to nothing.
SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status IN ('todo', 'doing'));

-- name: completed
-- How many communications of runs are at their end.
SELECT count(*) FROM communication WHERE state = 'completed';

-- name: ledger_entries
-- How long the ledger is.
SELECT count(*) FROM ledger;

-- name: handed_over_at
-- When each single event was handed over, by its source key.
SELECT inbox.source_key, dispatch.settled_at
FROM inbox JOIN batch USING (batch_id) JOIN communication USING (record_id) JOIN dispatch USING (communication_id)
WHERE batch.run_id IS NULL AND dispatch.state = 'handed_over';

-- name: bare_schema
-- The tables of the bare pattern: what moves, and what happened to it.
CREATE TABLE piece (piece_id bigint PRIMARY KEY, batch_id integer NOT NULL, state integer NOT NULL);
CREATE INDEX piece_of_batch ON piece (batch_id, state);
CREATE TABLE piece_event (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    piece_id bigint NOT NULL,
    kind     integer NOT NULL,
    detail   jsonb NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_of_piece ON piece_event (piece_id);

-- name: bare_pieces
-- Pieces in batches of equal size.
INSERT INTO piece SELECT number, number / %(batch_size)s, 0 FROM generate_series(0, %(pieces)s - 1) AS number;

-- name: bare_move
-- Move a batch from one stage to the next.
UPDATE piece SET state = %(stage)s + 1 WHERE batch_id = %(batch_id)s AND state = %(stage)s RETURNING piece_id;

-- name: bare_events
-- Append what happened.
COPY piece_event (piece_id, kind, detail) FROM STDIN;

-- name: bare_done
-- How many pieces are through all stages.
SELECT count(*) FROM piece WHERE state = %(stages)s;

-- name: taken
-- How many records were taken.
SELECT count(*) FROM inbox WHERE fate = 'taken';

-- name: reported_pieces
-- Communications that a channel has, and of which it still has to report.
INSERT INTO communication (communication_id, batch_id, record_id, name, customer_key, state, plan, moved_at)
SELECT lpad(to_hex(number), 32, '0')::uuid, 1 + number / 500, number, 'notice', 'K-' || number, 'dispatched',
       ARRAY[%(connection)s::text], now()
FROM generate_series(0, %(pieces)s - 1) AS number;

-- name: reported_hand_overs
-- Their hand-overs.
INSERT INTO dispatch (dispatch_key, communication_id, hop, connection, state, reference, intended_at, settled_at)
SELECT lpad(to_hex(number), 32, '0')::uuid::text || '-0', lpad(to_hex(number), 32, '0')::uuid, 0, %(connection)s,
       'handed_over', 'reference-' || number, now(), now()
FROM generate_series(0, %(pieces)s - 1) AS number;

-- name: reports_taken
-- How many reports are kept, and how many communications they have moved.
SELECT (SELECT count(*) FROM delivery_event WHERE applied), (SELECT count(*) FROM communication WHERE state = 'completed');
