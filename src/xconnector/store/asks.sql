-- name: hold
-- Lock keys until the transaction ends, in the order given.
INSERT INTO held_key (key) SELECT * FROM unnest(%(keys)s::uuid[])
ON CONFLICT (key) DO UPDATE SET key = excluded.key;

-- name: forget_keys
-- Forget keys that nobody holds; whoever needs one again writes it again.
DELETE FROM held_key WHERE key IN (SELECT key FROM held_key LIMIT %(most)s FOR UPDATE SKIP LOCKED);

-- name: add
-- Add asks.
INSERT INTO ask (communication_id, batch_id, record_id, name, as_of, asked_at, priority, begins_at, once_key, order_key,
                 collapse_key, parent_key, keyed_for, after, waits_for, due_at, because, taken_into)
SELECT * FROM unnest(
    %(ids)s::uuid[], %(batches)s::bigint[], %(records)s::bigint[], %(names)s::text[], %(as_of)s::timestamptz[],
    %(asked_at)s::timestamptz[], %(priorities)s::smallint[], %(begins_at)s::timestamptz[], %(once)s::uuid[],
    %(orders)s::uuid[], %(collapses)s::uuid[], %(parents)s::uuid[], %(customers)s::text[], %(after)s::timestamptz[],
    %(waits_for)s::text[], %(due_at)s::timestamptz[], %(because)s::text[], %(taken_into)s::uuid[]
);

-- name: follow
-- Record what follows for asks that waited.
UPDATE ask
SET waits_for = given.waits_for, due_at = given.due_at, because = given.because, after = given.after,
    taken_into = given.taken_into, once_key = CASE WHEN NOT given.gives_way THEN once_key END
FROM unnest(%(ids)s::uuid[], %(waits_for)s::text[], %(due_at)s::timestamptz[], %(because)s::text[],
            %(after)s::timestamptz[], %(taken_into)s::uuid[], %(giving_way)s::boolean[])
    AS given (id, waits_for, due_at, because, after, taken_into, gives_way)
WHERE ask.communication_id = given.id;

-- name: due
-- The batch's asks whose time has come, and those that wait together for quiet.
SELECT communication_id FROM ask
WHERE batch_id = %(batch_id)s AND waits_for IS NOT NULL AND due_at <= %(now)s
UNION
SELECT communication_id FROM ask
WHERE collapse_key = %(group)s::uuid AND waits_for = 'quiet';

-- name: stop_waiting
-- Let asks wait no more.
UPDATE ask SET waits_for = NULL, due_at = NULL WHERE communication_id = ANY(%(ids)s)
RETURNING communication_id, batch_id;

-- name: next_due
-- When the first of the batch's asks is due.
SELECT min(due_at) FROM ask WHERE batch_id = %(batch_id)s AND waits_for IS NOT NULL;

-- name: leave_lines
-- Take those out of lines that hold nobody up any more.
UPDATE ask SET order_key = NULL
FROM communication
WHERE ask.order_key = ANY(%(orders)s) AND ask.waits_for IS NULL
    AND communication.communication_id = ask.communication_id AND communication.state = ANY(%(left)s);

-- name: turns
-- The first of each line that wait for their turn, where nothing of the line is under way.
WITH first AS (
    SELECT DISTINCT ON (order_key) order_key, communication_id, name, asked_at
    FROM ask
    WHERE waits_for = 'turn'
    ORDER BY order_key, greatest(as_of, after), coalesce(after >= as_of, false), record_id
)
SELECT first.communication_id
FROM first
WHERE NOT EXISTS (
    SELECT FROM ask AS other JOIN communication USING (communication_id)
    WHERE other.order_key = first.order_key AND other.communication_id <> first.communication_id
        AND communication.state <> 'waiting' AND communication.state <> ALL(%(left)s)
        AND NOT (communication.state = ANY(%(stopped)s) AND first.name = ANY(%(passing)s))
)
-- Who was asked for first has waited longest.
ORDER BY first.asked_at, first.communication_id
LIMIT %(most)s;

-- name: related
-- Asks that have a key with others in common, as far as they bear on them, and some by their ids.
WITH chosen AS (
    SELECT communication_id FROM ask WHERE communication_id = ANY(%(ids)s)
    UNION
    SELECT communication_id FROM ask WHERE once_key = ANY(%(once)s)
    UNION
    SELECT communication_id FROM ask WHERE order_key = ANY(%(orders)s)
    UNION
    SELECT communication_id FROM ask WHERE collapse_key = ANY(%(collapses)s) AND waits_for = 'quiet'
    UNION
    SELECT communication_id FROM ask WHERE parent_key = ANY(%(heard)s) AND waits_for = 'parent'
)
SELECT ask.communication_id, ask.batch_id, ask.record_id, ask.name, ask.as_of, ask.asked_at, ask.priority, ask.begins_at,
       ask.once_key, ask.order_key, ask.collapse_key, ask.parent_key, ask.after, ask.waits_for, communication.state,
       coalesce(became.state, communication.state) = 'cancelled' AS is_cancelled, inbox.source, inbox.source_key
FROM chosen JOIN ask USING (communication_id) JOIN communication USING (communication_id)
LEFT JOIN communication AS became ON became.communication_id = ask.taken_into
JOIN inbox ON inbox.record_id = ask.record_id;

-- name: course
-- For what a communication waits, and which records were taken into it.
SELECT ask.waits_for, ask.because, ask.as_of, coalesce((
           SELECT max(other.due_at) FROM ask AS other
           WHERE other.collapse_key = ask.collapse_key AND other.waits_for = 'quiet' AND ask.waits_for = 'quiet'
       ), ask.due_at) AS due_at, ARRAY(
           SELECT inbox.source_key FROM ask AS taken JOIN inbox USING (record_id)
           WHERE taken.taken_into = ask.communication_id
           ORDER BY taken.as_of, taken.record_id
           LIMIT %(most)s
       ) AS took_in
FROM ask
WHERE ask.communication_id = %(communication_id)s;

-- name: count_waiting
-- How many communications wait for what, and when the first of them is due.
SELECT name, waits_for, count(*) AS number, min(due_at) AS first_due_at FROM ask
WHERE waits_for IS NOT NULL
GROUP BY name, waits_for
ORDER BY name, waits_for;
