-- name: delete_finished_jobs
-- Deletes the oldest jobs that ended before a time, with their events; their last event tells when they ended.
DELETE FROM procrastinate_jobs
WHERE id IN (
    SELECT job.id
    FROM procrastinate_jobs AS job
    WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted')
      AND NOT EXISTS (
          SELECT FROM procrastinate_events AS event WHERE event.job_id = job.id AND event.at >= %(before)s
      )
    ORDER BY job.id
    LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
);
