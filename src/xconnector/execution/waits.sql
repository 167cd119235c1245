-- name: begin_waits
-- Adds waits; one whose key waits already replaces it.
INSERT INTO wait (due_at, stage, payload, priority, key)
SELECT *
FROM unnest(
    %(due_at)s::timestamptz[], %(stage)s::text[], %(payload)s::jsonb[], %(priority)s::integer[], %(key)s::text[]
)
ON CONFLICT (key) DO UPDATE
SET due_at = excluded.due_at, stage = excluded.stage, payload = excluded.payload, priority = excluded.priority;

-- name: sweep_due_waits
-- Makes jobs of waits whose time has come, the longest due first, passing over rows that another worker holds.
WITH due AS (
    SELECT wait_id
    FROM wait
    WHERE due_at <= now() AND stage = ANY (%(stages)s)
    ORDER BY due_at
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
),
taken AS (
    DELETE FROM wait USING due WHERE wait.wait_id = due.wait_id
    RETURNING wait.stage, wait.payload, wait.priority, wait.due_at, wait.wait_id
),
deferred AS (
    SELECT procrastinate_defer_jobs_v1(
        array_agg(
            ROW (stage, stage, priority, NULL, NULL, payload, NULL)::procrastinate_job_to_defer_v1
            ORDER BY due_at, wait_id
        )
    ) AS job_ids
    FROM taken
)
SELECT coalesce(cardinality(job_ids), 0) FROM deferred;
