-- name: rescue_stalled_jobs
-- Makes the jobs of dead workers wait again. A worker that is at the same job is left alone: it has locked the row.
WITH stalled AS MATERIALIZED (
    SELECT job.id, job.task_name
    FROM procrastinate_jobs AS job
    WHERE job.status = 'doing'
      AND job.task_name = ANY (%(stages)s)
      AND job.attempts + 1 < %(attempts)s
      AND NOT EXISTS (
          SELECT FROM procrastinate_workers AS worker
          WHERE worker.id = job.worker_id AND worker.last_heartbeat >= now() - %(stalled_after)s
      )
    FOR UPDATE OF job SKIP LOCKED
)
SELECT stalled.id, stalled.task_name
FROM stalled, LATERAL procrastinate_retry_job_v2(stalled.id, NULL, NULL, NULL, NULL);

-- name: give_up_deadly_jobs
-- Ends the jobs of dead workers that were begun too often.
WITH stalled AS MATERIALIZED (
    SELECT job.id, job.task_name, job.args
    FROM procrastinate_jobs AS job
    WHERE job.status = 'doing'
      AND job.task_name = ANY (%(stages)s)
      AND job.attempts + 1 >= %(attempts)s
      AND NOT EXISTS (
          SELECT FROM procrastinate_workers AS worker
          WHERE worker.id = job.worker_id AND worker.last_heartbeat >= now() - %(stalled_after)s
      )
    FOR UPDATE OF job SKIP LOCKED
)
SELECT stalled.id, stalled.task_name, stalled.args
FROM stalled, LATERAL procrastinate_finish_job_v1(stalled.id, 'failed', false);
