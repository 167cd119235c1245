-- name: is_own_job
-- Whether an execution still has its job, which stays so to the end of the transaction.
SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s FOR UPDATE;

-- name: finish_own_job
-- Ends the job of an execution that still has it, and tells whether it had.
WITH own AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s FOR UPDATE
)
SELECT own.id FROM own, LATERAL procrastinate_finish_job_v1(own.id, %(status)s, %(delete)s);

-- name: retry_own_job
-- Makes the job of an execution that still has it wait again, and tells whether it had.
WITH own AS MATERIALIZED (
    SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing' AND attempts = %(attempts)s FOR UPDATE
)
SELECT own.id
FROM own, LATERAL procrastinate_retry_job_v2(own.id, %(retry_at)s, %(priority)s, %(queue)s, %(lock)s);
