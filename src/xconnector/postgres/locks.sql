-- name: try_lock
-- Whether this session holds the lock of that name from now on.
SELECT pg_try_advisory_lock(hashtextextended('xconnector:lock:' || %(name)s, 0));

-- name: unlock
-- Lets go of a lock of this session.
SELECT pg_advisory_unlock(hashtextextended('xconnector:lock:' || %(name)s, 0));
