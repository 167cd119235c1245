-- name: wait
-- Let orders wait for a submission.
INSERT INTO submission_order (communication_id, connection, template, run_id, key)
SELECT communication_id, %(connection)s, %(template)s, %(run_id)s, key
FROM unnest(%(ids)s::uuid[], %(keys)s::text[]) AS given (communication_id, key);

-- name: waiting
-- How many orders wait for a submission of this composer, by template and run.
SELECT waiting.template, waiting.run_id, run.name AS run_name, run.sealed_at IS NOT NULL AS is_sealed, waiting.orders
FROM (
    SELECT template, run_id, count(*) AS orders
    FROM submission_order
    WHERE connection = %(composer)s AND submission_key IS NULL
    GROUP BY template, run_id
) AS waiting
LEFT JOIN run USING (run_id)
ORDER BY run.started_at NULLS FIRST, waiting.template;

-- name: any_batch_under_way
-- A batch of the run of which something may still be ordered. The latest are looked at first: they are the last to be
-- through, so that as a rule one look is enough.
SELECT batch.batch_id
FROM (SELECT batch_id FROM batch WHERE run_id = %(run_id)s ORDER BY batch_id DESC) AS batch
CROSS JOIN LATERAL (
    SELECT FROM communication
    WHERE communication.batch_id = batch.batch_id
        AND (state = 'triggered' OR (state = 'decided' AND name = ANY(%(names)s)))
    UNION ALL
    SELECT FROM inbox WHERE inbox.batch_id = batch.batch_id AND inbox.fate = 'taken' AND inbox.made IS NULL
    LIMIT 1
) AS under_way
LIMIT 1;

-- name: open_submission
-- Make a submission that has no orders yet.
INSERT INTO submission (submission_key, connection, template, run_id, state, orders, created_at)
VALUES (%(submission_key)s, %(connection)s, %(template)s, %(run_id)s, 'gathered', 0, %(now)s);

-- name: bind
-- Bind waiting orders to a submission. Two with one key never stand in the same: their results could not be told apart.
UPDATE submission_order SET submission_key = %(submission_key)s, position = chosen.position
FROM (
    SELECT order_id, row_number() OVER (ORDER BY order_id) AS position
    FROM (
        SELECT order_id, row_number() OVER (PARTITION BY coalesce(key, order_id::text) ORDER BY order_id) AS repetition
        FROM submission_order
        WHERE connection = %(connection)s AND template = %(template)s AND submission_key IS NULL
            AND run_id IS NOT DISTINCT FROM %(run_id)s::uuid
    ) AS waiting
    WHERE repetition = 1
    ORDER BY order_id
    LIMIT %(at_most)s
) AS chosen
WHERE submission_order.order_id = chosen.order_id AND submission_order.submission_key IS NULL;

-- name: count_orders
-- Record how many orders a submission holds, and the first submission in which all of them stood before.
UPDATE submission
SET orders = %(orders)s,
    repeats = (
        SELECT min(earlier.submission_key)
        FROM submission_order AS mine
        CROSS JOIN LATERAL (
            SELECT first.submission_key
            FROM submission_order AS first
            WHERE first.communication_id = mine.communication_id AND first.order_id < mine.order_id
                AND first.connection = mine.connection AND first.template = mine.template
                AND first.submission_key IS NOT NULL
            ORDER BY first.order_id
            LIMIT 1
        ) AS earlier
        WHERE mine.submission_key = %(submission_key)s
        HAVING count(*) = %(orders)s AND count(DISTINCT earlier.submission_key) = 1
    )
WHERE submission_key = %(submission_key)s;

-- name: find
-- A submission with the name of its run.
SELECT submission_key, connection, template, run_id, run.name AS run_name, state, orders, repeats, attempts, reference,
       created_at, submitted_at
FROM submission LEFT JOIN run USING (run_id)
WHERE submission_key = %(submission_key)s;

-- name: positions_before
-- Where the orders of a submission stood in an earlier one, in their present sequence.
SELECT earlier.position
FROM submission_order AS mine JOIN submission_order AS earlier USING (communication_id)
WHERE mine.submission_key = %(submission_key)s AND earlier.submission_key = %(earlier)s
ORDER BY mine.position;

-- name: set_state
-- Move a submission on.
UPDATE submission
SET state = %(target)s, attempts = CASE WHEN %(keep_attempts)s THEN attempts ELSE 0 END
WHERE submission_key = %(submission_key)s AND state = %(origin)s;

-- name: say
-- Note how far a submission is, or why that is not known, and how often that was asked in vain.
UPDATE submission SET said = %(said)s, attempts = %(attempts)s WHERE submission_key = %(submission_key)s;

-- name: set_submitted
-- Record that the composer has it.
UPDATE submission
SET state = 'submitted', reference = %(reference)s, detail = %(detail)s, submitted_at = %(now)s, attempts = 0
WHERE submission_key = %(submission_key)s AND state = 'submitting';

-- name: set_ended
-- Record how it ended.
UPDATE submission
SET state = 'ended', said = NULL, detail = (coalesce(detail::jsonb, '{}') || %(detail)s::jsonb)::json,
    composed = %(composed)s, left_out = %(left_out)s, unasked = %(unasked)s, ended_at = %(now)s
WHERE submission_key = %(submission_key)s AND state = 'submitted';

-- name: tell
-- Append one entry for each order that is being composed.
INSERT INTO ledger (at, batch_id, communication_id, event, detail)
SELECT %(now)s, communication.batch_id, communication_id, %(event)s, %(detail)s
FROM submission_order JOIN communication USING (communication_id)
WHERE submission_key = %(submission_key)s AND communication.state = 'composing'
ORDER BY position;

-- name: page
-- Orders that are being composed, behind a position, with what composing needs to know of them.
SELECT submission_order.position, submission_order.key, communication_id, batch_id, name, customer_key, hop, plan, attempts,
       title, language, issued_at, recipient::text AS recipient, review_role, terms::text AS terms
FROM submission_order JOIN communication USING (communication_id) JOIN assembly USING (communication_id)
WHERE submission_key = %(submission_key)s AND submission_order.position > %(after)s AND communication.state = 'composing'
    AND NOT EXISTS (
        SELECT FROM submission_order AS later
        WHERE later.communication_id = submission_order.communication_id AND later.order_id > submission_order.order_id
    )
ORDER BY submission_order.position
LIMIT %(limit)s;

-- name: named
-- Orders of a submission by key or position, with what composing needs to know of them where they are being composed.
SELECT submission_order.position, submission_order.key, communication_id, batch_id, name, customer_key, hop, plan, attempts,
       title, language, issued_at, recipient::text AS recipient, review_role, terms::text AS terms,
       communication.state = 'composing' AND NOT EXISTS (
           SELECT FROM submission_order AS later
           WHERE later.communication_id = submission_order.communication_id
               AND later.order_id > submission_order.order_id
       ) AS is_awaited
FROM submission_order JOIN communication USING (communication_id) JOIN assembly USING (communication_id)
WHERE submission_key = %(submission_key)s
    AND (submission_order.key = ANY(%(keys)s) OR submission_order.position = ANY(%(positions)s));

-- name: count_awaited
-- How many orders of a submission are being composed in it.
SELECT count(*)
FROM submission_order JOIN communication USING (communication_id)
WHERE submission_key = %(submission_key)s AND communication.state = 'composing'
    AND NOT EXISTS (
        SELECT FROM submission_order AS later
        WHERE later.communication_id = submission_order.communication_id AND later.order_id > submission_order.order_id
    );

-- name: claim_jobs
-- Claim jobs of a composer for a submission; those that another one has stay its.
INSERT INTO submission_job (connection, job, submission_key)
SELECT %(connection)s, job, %(submission_key)s FROM unnest(%(jobs)s::text[]) AS given (job)
ON CONFLICT DO NOTHING;

-- name: holds_all
-- Whether every one of these jobs is the submission's.
SELECT count(*) = cardinality(%(jobs)s::text[])
FROM submission_job
WHERE connection = %(connection)s AND job = ANY(%(jobs)s) AND submission_key = %(submission_key)s;

-- name: lock_row
-- Nobody else takes the submission up before the transaction ends.
SELECT FROM submission WHERE submission_key = %(submission_key)s FOR UPDATE;

-- name: composers
-- The connections for which orders wait.
SELECT DISTINCT connection FROM submission_order WHERE submission_key IS NULL;

-- name: take_back
-- Take waiting orders of a connection back.
DELETE FROM submission_order AS taken USING communication
WHERE taken.communication_id = communication.communication_id AND taken.order_id = ANY(
    ARRAY(
        SELECT order_id FROM submission_order
        WHERE connection = %(connection)s AND submission_key IS NULL ORDER BY order_id LIMIT %(limit)s
    )
)
RETURNING taken.communication_id, communication.batch_id;

-- name: lock
-- One binds orders of a connection at a time.
SELECT pg_advisory_xact_lock(hashtext('submissions of ' || %(connection)s));

-- name: under_way
-- Submissions that have not ended, oldest first.
SELECT submission_key, connection, template, state, orders, composed, left_out, unasked, said, coalesce(detail, '{}') AS detail,
       created_at, submitted_at, ended_at
FROM submission WHERE state IN ('gathered', 'submitting', 'submitted', 'unknown', 'stuck')
ORDER BY created_at, submission_key
LIMIT %(limit)s;

-- name: of_run
-- The submissions of a run.
SELECT submission_key, connection, template, state, orders, composed, left_out, unasked, said, coalesce(detail, '{}') AS detail,
       created_at, submitted_at, ended_at
FROM submission WHERE run_id = %(run_id)s
ORDER BY created_at, submission_key;

-- name: latest_of
-- The latest submission of each of these communications.
SELECT DISTINCT ON (submission_order.communication_id) submission_order.submission_key
FROM submission_order JOIN submission USING (submission_key)
WHERE submission_order.communication_id = ANY(%(ids)s)
ORDER BY submission_order.communication_id, submission_order.order_id DESC;

-- name: reopen
-- Take submissions up again: ask once more whether the composer has them, or what became of them.
UPDATE submission
SET state = CASE WHEN state IN ('unknown', 'submitting', 'refused') THEN 'submitting' ELSE 'submitted' END, attempts = 0
WHERE submission_key = ANY(%(keys)s)
    AND state IN ('unknown', 'submitting', 'refused', 'submitted', 'stuck', 'ended')
RETURNING submission_key, state;
