-- name: tell
-- Remember what a worker says of a listener.
INSERT INTO listener AS known (name, worker, state, told, taken, since, seen_at)
VALUES (%(name)s, %(worker)s, %(state)s, %(told)s, %(taken)s, now(), now())
ON CONFLICT (name, worker) DO UPDATE SET
    since = CASE WHEN known.state = excluded.state THEN known.since ELSE excluded.since END,
    state = excluded.state, told = excluded.told, taken = excluded.taken, seen_at = excluded.seen_at;

-- name: forget
-- A worker's shift is over, as are those of workers of which nothing was heard for a while.
DELETE FROM listener
WHERE (name = %(name)s AND worker = %(worker)s) OR seen_at < now() - make_interval(secs => %(silence)s);

-- name: shifts
-- The shifts of workers of which something was heard lately.
SELECT name, worker, state, told, taken, since
FROM listener
WHERE seen_at > now() - make_interval(secs => %(silence)s)
ORDER BY name, worker;
