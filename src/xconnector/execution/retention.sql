-- name: delete_finished_jobs
-- Deletes jobs that ended before a time, with their events, among the oldest that have ended. It looks at no others:
-- jobs get their ids in the order in which they are asked for, so those ended later. The last event tells when.
DELETE FROM procrastinate_jobs
WHERE id = ANY (ARRAY(
    SELECT oldest.id
    FROM (
        SELECT id FROM procrastinate_jobs
        WHERE status IN ('succeeded', 'failed', 'cancelled', 'aborted')
        ORDER BY id
        LIMIT %(most)s
    ) AS oldest
    -- Not as an anti-join, for which all events might be read.
    WHERE (SELECT max(event.at) FROM procrastinate_events AS event WHERE event.job_id = oldest.id) < %(before)s
));
