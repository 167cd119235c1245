-- name: too_much_waits
-- Whether more jobs than that are due, of this priority or a higher one, and not begun.
SELECT count(*) > %(most)s
FROM (
    SELECT FROM procrastinate_jobs
    WHERE status = 'todo' AND priority >= %(priority)s AND (scheduled_at IS NULL OR scheduled_at <= now())
    LIMIT %(most)s + 1
) AS due;

-- name: backlog
-- How much work of each stage waits, runs, or is put off.
SELECT stage, sum(waiting)::bigint, sum(running)::bigint, sum(put_off)::bigint
FROM (
    SELECT task_name AS stage,
           count(*) FILTER (WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())) AS waiting,
           count(*) FILTER (WHERE status = 'doing') AS running,
           count(*) FILTER (WHERE status = 'todo' AND scheduled_at > now()) AS put_off
    FROM procrastinate_jobs
    WHERE status IN ('todo', 'doing')
    GROUP BY task_name
    UNION ALL
    SELECT stage, 0, 0, count(*) FROM wait GROUP BY stage
) AS parts
GROUP BY stage
ORDER BY stage;
