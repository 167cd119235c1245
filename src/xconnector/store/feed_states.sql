-- name: all_states
-- What is known of feeds.
SELECT feed, paused, since, reason, actor, accepted, difference::text AS difference, counts_from, due_at FROM feed_state ORDER BY feed;

-- name: paused
-- Those of these feeds that are stopped, which stay so until the transaction ends.
SELECT feed FROM feed_state WHERE feed = ANY(%(feeds)s) AND paused ORDER BY feed FOR SHARE;

-- name: pause
-- Stop a feed that is not stopped.
INSERT INTO feed_state (feed, paused, since, reason, actor, difference)
VALUES (%(feed)s, true, %(now)s, %(reason)s, %(actor)s, %(difference)s)
ON CONFLICT (feed) DO UPDATE
SET paused = true, since = EXCLUDED.since, reason = EXCLUDED.reason, actor = EXCLUDED.actor,
    difference = coalesce(EXCLUDED.difference, feed_state.difference), accepted = false
WHERE NOT feed_state.paused
RETURNING feed;

-- name: resume
-- Let a stopped feed go on.
UPDATE feed_state
SET paused = false, since = %(now)s, reason = NULL, actor = %(actor)s, accepted = %(accepted)s,
    shape = CASE WHEN %(accepted)s THEN NULL ELSE shape END
WHERE feed = %(feed)s AND paused
RETURNING feed;

-- name: hold
-- Let batches wait for their feeds.
INSERT INTO held_batch (feed, batch_id, held_at)
SELECT feed, %(batch_id)s, %(now)s FROM unnest(%(feeds)s::text[]) AS given (feed)
ON CONFLICT DO NOTHING;

-- name: release
-- Let go of the batches that wait for a feed, with their priorities.
WITH released AS (DELETE FROM held_batch WHERE feed = %(feed)s RETURNING batch_id)
SELECT batch_id, priority FROM released JOIN batch USING (batch_id) ORDER BY batch_id;

-- name: note_shape
-- Remember how the records of a feed look, and what is otherwise than it was.
INSERT INTO feed_state (feed, since, shape, difference) VALUES (%(feed)s, %(now)s, %(shape)s, %(difference)s)
ON CONFLICT (feed) DO UPDATE
SET shape = EXCLUDED.shape, difference = coalesce(EXCLUDED.difference, feed_state.difference);

-- name: shape
-- How the records of a feed looked when all was well.
SELECT shape::text FROM feed_state WHERE feed = %(feed)s;

-- name: expect
-- Remember by when a feed is expected to speak.
INSERT INTO feed_state (feed, since, counts_from, due_at) VALUES (%(feed)s, %(now)s, %(counts_from)s, %(due_at)s)
ON CONFLICT (feed) DO UPDATE SET counts_from = EXCLUDED.counts_from, due_at = EXCLUDED.due_at;

-- name: tell
-- Write down what happened to a feed.
INSERT INTO feed_event (feed, at, event, actor, detail) VALUES (%(feed)s, %(now)s, %(event)s, %(actor)s, %(detail)s);

-- name: history
-- What happened to a feed, the latest first.
SELECT feed, at, event, actor, detail::text AS detail FROM feed_event
WHERE feed = %(feed)s ORDER BY event_id DESC LIMIT %(limit)s;

-- name: remember_failure
-- Put a failure of a feed into the queue, once for each moment.
INSERT INTO failure (feed, due_at, stage, kind, reason, fingerprint, failed_at)
VALUES (%(feed)s, %(due_at)s, %(stage)s, %(kind)s, %(reason)s, %(fingerprint)s, %(now)s)
ON CONFLICT (feed, stage, due_at) WHERE feed IS NOT NULL DO NOTHING
RETURNING failure_id;

-- name: resolve_failures
-- Close the open failures of a feed at a stage with what became of it.
UPDATE failure SET resolved_at = %(now)s, resolution = %(resolution)s
WHERE feed = %(feed)s AND stage = %(stage)s AND resolved_at IS NULL;

-- name: bad_lately
-- How many of the latest new records of a feed came in, and how many of them were set aside.
SELECT count(*) AS records, count(*) FILTER (WHERE fate = 'set_aside') AS bad
FROM (
    SELECT fate FROM inbox
    WHERE feed = %(feed)s AND received_at > %(after)s::timestamptz AND fate IN ('taken', 'set_aside')
    ORDER BY received_at DESC LIMIT %(most)s
) AS latest;

-- name: after_resuming
-- Since when what a feed sends counts for or against it.
SELECT since FROM feed_state WHERE feed = %(feed)s;

-- name: volumes
-- How many records the latest whole runs of a feed had.
SELECT records_read FROM run WHERE feed = %(feed)s AND sealed_at IS NOT NULL
ORDER BY started_at DESC LIMIT %(limit)s;

-- name: activity
-- What came of each feed: the last record, and what came and was set aside since a moment.
SELECT given.feed, last.received_at AS last_at, newest.as_of, today.records, today.set_aside, waiting.records AS waiting
FROM unnest(%(feeds)s::text[]) AS given (feed)
LEFT JOIN LATERAL (
    SELECT received_at FROM inbox WHERE inbox.feed = given.feed ORDER BY received_at DESC LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT max(least(coalesce(occurred_at, received_at), received_at)) AS as_of FROM (
        SELECT occurred_at, received_at FROM inbox
        WHERE inbox.feed = given.feed AND (fate = 'taken' OR fate = 'repeated' AND position IS NOT NULL)
        ORDER BY received_at DESC LIMIT 500
    ) AS latest
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS records, count(*) FILTER (WHERE fate = 'set_aside') AS set_aside
    FROM inbox WHERE inbox.feed = given.feed AND received_at >= %(since)s
) AS today ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS records
    FROM held_batch JOIN inbox ON inbox.batch_id = held_batch.batch_id AND inbox.feed = held_batch.feed
    WHERE held_batch.feed = given.feed AND fate = 'taken' AND made IS NULL
) AS waiting ON true
ORDER BY given.feed;

-- name: spoken
-- When a feed spoke so often that it counts: the moment of its n-th record behind one moment and up to another.
-- What it said before says nothing: a source that is dead may still be read again.
SELECT received_at FROM inbox
WHERE feed = %(feed)s AND received_at > %(after)s AND received_at <= %(until)s AND fate IN ('taken', 'set_aside')
ORDER BY received_at OFFSET %(before)s LIMIT 1;

-- name: spoken_in_runs
-- When a feed that is read in runs spoke so often that it counts; a run speaks when it begins, with all its records.
SELECT started_at FROM (
    SELECT started_at, sum(coalesce(records_read, expected)) OVER (ORDER BY started_at, run_id) AS records
    FROM run WHERE feed = %(feed)s AND started_at > %(after)s AND started_at <= %(until)s
    UNION ALL
    -- A file that was taken in before brings no record; it says that its source is alive.
    SELECT claimed_at, 0 FROM dropped_file
    WHERE feed = %(feed)s AND state = 'repeated' AND claimed_at > %(after)s AND claimed_at <= %(until)s
) AS spoken
WHERE records > %(before)s ORDER BY started_at LIMIT 1;

-- name: latest
-- When a feed spoke last.
SELECT max(received_at) FROM inbox
WHERE feed = %(feed)s AND received_at <= %(until)s AND fate IN ('taken', 'set_aside');

-- name: latest_run
-- When a feed that is read in runs spoke last.
SELECT greatest(
    (SELECT max(started_at) FROM run WHERE feed = %(feed)s AND started_at <= %(until)s),
    (SELECT max(claimed_at) FROM dropped_file
     WHERE feed = %(feed)s AND state = 'repeated' AND claimed_at <= %(until)s AND %(with_repeated)s)
);

-- name: latest_data
-- What the latest records of a feed say, of those with a fate.
SELECT data::text FROM inbox
WHERE feed = %(feed)s AND fate = %(fate)s AND data IS NOT NULL ORDER BY received_at DESC LIMIT %(limit)s;

-- name: as_of
-- When the newest of what feeds said lately was so; feeds that never spoke are left out.
SELECT given.feed, newest.as_of
FROM unnest(%(feeds)s::text[]) AS given (feed), LATERAL (
    SELECT max(least(coalesce(occurred_at, received_at), received_at)) AS as_of FROM (
        SELECT occurred_at, received_at FROM inbox
        WHERE inbox.feed = given.feed AND (fate = 'taken' OR fate = 'repeated' AND position IS NOT NULL)
        ORDER BY received_at DESC LIMIT 500
    ) AS latest
) AS newest
WHERE newest.as_of IS NOT NULL;
