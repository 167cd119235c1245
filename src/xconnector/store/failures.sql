-- name: remember
-- Put failures into the queue.
COPY failure (communication_id, record_id, batch_id, stage, kind, reason, fingerprint, failed_at) FROM STDIN;

-- name: groups
-- Open failures by cause, those that the law wants mended first before the others.
SELECT fingerprint, min(stage) AS stage, min(kind) AS kind, min(reason) AS example, count(*) AS number,
       min(failed_at) AS first_at, max(failed_at) AS last_at, min(legal.leave_by)::date AS leave_by
FROM failure
LEFT JOIN LATERAL (
    SELECT min(leave_by) AS leave_by FROM legal_day WHERE legal_day.communication_id = failure.communication_id
) AS legal ON true
WHERE resolved_at IS NULL
    AND (%(run_id)s::uuid IS NULL OR batch_id IN (SELECT batch_id FROM batch WHERE run_id = %(run_id)s))
GROUP BY fingerprint
ORDER BY min(legal.leave_by) NULLS LAST, number DESC, fingerprint;

-- name: count_open
-- How many failures are open, and of how many causes.
SELECT count(*), count(DISTINCT fingerprint) FROM failure WHERE resolved_at IS NULL;

-- name: open_failures
-- Open failures behind an id, by cause, run, communication or the records they are of.
SELECT failure.failure_id, failure.communication_id, failure.record_id, coalesce(failure.batch_id, 0) AS batch_id,
       failure.feed, failure.stage, failure.kind,
       failure.reason, failure.fingerprint, failure.failed_at, inbox.source_key, inbox.position, communication.state,
       coalesce(came_again.times, 0) AS came_again,
       coalesce(batch.priority, 0) AS priority, (
           SELECT min(leave_by)::date FROM legal_day WHERE legal_day.communication_id = failure.communication_id
       ) AS leave_by
FROM failure
LEFT JOIN batch USING (batch_id)
LEFT JOIN communication ON communication.communication_id = failure.communication_id
LEFT JOIN inbox ON inbox.record_id = coalesce(failure.record_id, communication.record_id)
LEFT JOIN came_again ON came_again.record_id = failure.record_id
WHERE failure.resolved_at IS NULL AND failure.failure_id > %(after)s
    AND (%(until)s::bigint IS NULL OR failure.failure_id <= %(until)s)
    AND (%(fingerprint)s::text IS NULL OR failure.fingerprint = %(fingerprint)s)
    AND (%(run_id)s::uuid IS NULL OR batch.run_id = %(run_id)s)
    AND (%(communication_id)s::uuid IS NULL OR failure.communication_id = %(communication_id)s)
    AND (%(record_ids)s::bigint[] IS NULL OR inbox.record_id = ANY(%(record_ids)s))
ORDER BY failure.failure_id
LIMIT %(limit)s;

-- name: resolve
-- Close failures with what was done.
UPDATE failure SET resolved_at = %(now)s, resolution = %(resolution)s
WHERE failure_id = ANY(%(ids)s) AND resolved_at IS NULL
RETURNING failure_id;

-- name: resolve_of
-- Close the open failures of communications.
UPDATE failure SET resolved_at = %(now)s, resolution = %(resolution)s
WHERE communication_id = ANY(%(ids)s) AND resolved_at IS NULL;

-- name: of_communication
-- Every failure of one communication.
SELECT stage, kind, reason, fingerprint, failed_at, resolved_at, resolution
FROM failure
WHERE communication_id = %(communication_id)s
ORDER BY failure_id;

-- name: reason_of_record
-- Why the latest record with this source key was not taken.
SELECT failure.reason FROM inbox JOIN failure USING (record_id)
WHERE inbox.source_key = %(source_key)s
ORDER BY failure.failure_id DESC LIMIT 1;

-- name: newest
-- The newest failure there is.
SELECT coalesce(max(failure_id), 0) FROM failure;
