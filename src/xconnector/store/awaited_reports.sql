-- name: await_reports
-- Await reports on hand-overs.
INSERT INTO awaited_report (dispatch_key, connection, since, ask_at, final)
SELECT dispatch_key, %(name)s, %(now)s, %(ask_at)s, %(final)s FROM unnest(%(keys)s::text[]) AS given (dispatch_key)
ON CONFLICT DO NOTHING;

-- name: end
-- Await no report on these hand-overs any more, nor on those acknowledged of which no more was promised.
DELETE FROM awaited_report
WHERE dispatch_key = ANY(%(keys)s) OR (dispatch_key = ANY(%(acknowledged)s) AND NOT final)
RETURNING dispatch_key;

-- name: take_due
-- Hand-overs of which a channel is to be asked now. They are asked again when twice as much time has gone by, the last
-- time shortly before the deadline.
UPDATE awaited_report AS awaited
SET ask_at = CASE
    WHEN awaited.since + %(latest)s <= %(now)s THEN NULL
    ELSE least(%(now)s + (%(now)s - awaited.since), awaited.since + %(latest)s)
END
FROM dispatch
WHERE dispatch.dispatch_key = awaited.dispatch_key AND awaited.dispatch_key IN (
    SELECT dispatch_key FROM awaited_report
    WHERE connection = %(name)s AND ask_at <= %(now)s
    ORDER BY ask_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
)
RETURNING awaited.dispatch_key, dispatch.reference;

-- name: ask_again
-- Ask for these at another time: they were not asked for.
UPDATE awaited_report SET ask_at = %(at)s WHERE dispatch_key = ANY(%(keys)s);

-- name: late
-- Hand-overs whose deadline has passed.
SELECT dispatch_key FROM awaited_report
WHERE connection = %(name)s AND since <= %(before)s
ORDER BY since LIMIT %(most)s;
