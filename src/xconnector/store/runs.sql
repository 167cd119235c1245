-- name: start
-- Remember a new run.
INSERT INTO run (run_id, name, feed, file_name, file_sha256, project_sha256, expected, declared, started_at)
VALUES (%(run_id)s, %(name)s, %(feed)s, %(file_name)s, %(file_sha256)s, %(project_sha256)s, %(expected)s,
        %(declared)s, %(started_at)s);

-- name: seal
-- Say that a run takes no more records.
UPDATE run SET sealed_at = %(now)s, records_read = %(records_read)s WHERE run_id = %(run_id)s AND sealed_at IS NULL;

-- name: find
-- The run of this name or id.
SELECT * FROM run WHERE name = %(name)s OR run_id::text = %(name)s;

-- name: unsealed
-- The newest run of this very file that was interrupted while it read.
SELECT * FROM run
WHERE feed = %(feed)s AND file_sha256 = %(file_sha256)s AND sealed_at IS NULL
ORDER BY started_at DESC LIMIT 1;

-- name: sealed_of
-- The newest run into which this very file was taken as a whole.
SELECT * FROM run
WHERE feed = %(feed)s AND file_sha256 = %(file_sha256)s AND sealed_at IS NOT NULL
ORDER BY sealed_at DESC LIMIT 1;

-- name: newest
-- The latest runs.
SELECT * FROM run ORDER BY started_at DESC LIMIT %(limit)s;

-- name: open_batch
-- Make a batch.
INSERT INTO batch (run_id, priority, created_at) VALUES (%(run_id)s, %(priority)s, %(now)s) RETURNING batch_id;

-- name: batch
-- A batch with the name of its run.
SELECT batch.batch_id, batch.run_id, run.name AS run_name, batch.priority
FROM batch LEFT JOIN run USING (run_id)
WHERE batch_id = %(batch_id)s;

-- name: count_records
-- The records of a run that are in the inbox.
SELECT count(*) FROM inbox JOIN batch USING (batch_id) WHERE batch.run_id = %(run_id)s;

-- name: unreadable
-- Why the first record of a run cannot be read, where none can: one that can has data, or had when it was taken first.
SELECT inbox.reason FROM batch JOIN inbox USING (batch_id)
WHERE batch.run_id = %(run_id)s
    AND NOT EXISTS (
        SELECT FROM batch JOIN inbox USING (batch_id)
        WHERE batch.run_id = %(run_id)s AND (inbox.data IS NOT NULL OR inbox.fate = 'repeated')
    )
ORDER BY inbox.record_id LIMIT 1;
