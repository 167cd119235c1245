-- name: count_due
-- How many of those whose legal day is near are not on their way.
SELECT count(*) FILTER (WHERE leave_by < %(today)s::text) AS past,
       count(*) FILTER (WHERE leave_by = %(today)s::text) AS today,
       count(*) FILTER (WHERE leave_by > %(today)s::text) AS soon
FROM (
    SELECT communication_id, min(leave_by) AS leave_by
    FROM legal_day JOIN communication USING (communication_id)
    WHERE leave_by <= %(until)s::text AND state = ANY(%(states)s)
    GROUP BY communication_id
) AS waiting;

-- name: next_due
-- Those whose legal day comes first.
SELECT communication_id, name, state, min(leave_by)::date AS leave_by
FROM legal_day JOIN communication USING (communication_id)
WHERE leave_by <= %(until)s::text AND state = ANY(%(states)s)
GROUP BY communication_id, name, state
ORDER BY min(leave_by), communication_id
LIMIT %(limit)s;
