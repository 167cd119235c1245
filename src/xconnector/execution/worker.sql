-- name: try_chore
-- Whether this transaction may do a chore; another that is at it holds the lock to its end.
SELECT pg_try_advisory_xact_lock(hashtextextended('xconnector:chore:' || %(chore)s, 0));
