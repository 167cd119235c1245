-- name: procrastinate_is_there
-- Whether this database has procrastinate's tables.
SELECT to_regclass('procrastinate_jobs') IS NOT NULL;
