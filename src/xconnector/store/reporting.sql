-- name: courses
-- How far the communications of a run came, as the ledger and the reports have it; alike ones are counted together.
WITH chosen AS (
    SELECT batch_id FROM batch WHERE run_id = %(run_id)s
), told AS (
    SELECT communication_id, entry_id, state, event, detail,
           CASE
               WHEN state = ANY(%(approved)s) THEN 3
               WHEN state = ANY(%(composed)s) THEN 2
               WHEN state = ANY(%(decided)s) THEN 1
               ELSE 0
           END AS came_to
    FROM ledger JOIN chosen USING (batch_id)
    WHERE state IS NOT NULL AND communication_id IS NOT NULL
), furthest AS (
    SELECT communication_id, max(came_to) AS came_to FROM told GROUP BY communication_id
), latest AS (
    SELECT DISTINCT ON (communication_id) communication_id, state, event,
           CASE state
               WHEN 'suppressed' THEN coalesce(detail -> 'decision' ->> 'suppressed', detail ->> 'because')
               WHEN 'failed' THEN concat_ws(', ', detail ->> 'stage', detail ->> 'kind')
           END AS reason
    FROM told
    ORDER BY communication_id, entry_id DESC
), out AS (
    SELECT dispatch.communication_id,
           max(dispatch.evidence_strength) FILTER (WHERE dispatch.state = 'handed_over') AS holds,
           max(dispatch.evidence_strength) FILTER (WHERE dispatch.state = 'undeliverable') AS returned,
           (array_agg(dispatch.returned_as || ': ' || dispatch.return_reason ORDER BY dispatch.intended_at DESC)
               FILTER (WHERE dispatch.state = 'undeliverable'))[1] AS return_reason
    FROM reporting.dispatch AS dispatch
    WHERE dispatch.run_id = %(run_id)s
    GROUP BY dispatch.communication_id
)
SELECT latest.state, furthest.came_to, latest.event, nullif(latest.reason, '') AS reason, out.holds, out.returned,
       out.return_reason, count(*) AS number
FROM latest JOIN furthest USING (communication_id) LEFT JOIN out USING (communication_id)
GROUP BY 1, 2, 3, 4, 5, 6, 7
ORDER BY 1, 2, 3, 4, 5, 6, 7;

-- name: scores
-- What each connection did with what was handed over on each day, and how long it took.
SELECT connection, (intended_at AT TIME ZONE %(zone)s)::date AS day,
       count(*) FILTER (WHERE state IN ('handed_over', 'undeliverable')) AS handed_over,
       count(*) FILTER (WHERE state = 'refused') AS refused,
       count(*) FILTER (WHERE evidence_strength >= 2) AS accepted,
       count(*) FILTER (WHERE evidence_strength >= 3) AS delivered,
       count(*) FILTER (WHERE evidence_strength = 4) AS opened,
       count(*) FILTER (WHERE returned_at IS NOT NULL) AS returned,
       count(*) FILTER (WHERE delay_reason IS NOT NULL) AS delayed,
       count(*) FILTER (WHERE state = 'outcome_unknown' OR (state = 'handed_over' AND evidence_strength = 1)) AS unknown,
       count(complained_at) AS complained,
       count(opted_out_at) AS opted_out,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(accepted_at, intended_at) - intended_at))
           FILTER (WHERE accepted_at IS NOT NULL) AS accepted_median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(accepted_at, intended_at) - intended_at))
           FILTER (WHERE accepted_at IS NOT NULL) AS accepted_p95,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(delivered_at, intended_at) - intended_at))
           FILTER (WHERE delivered_at IS NOT NULL) AS delivered_median,
       percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM greatest(delivered_at, intended_at) - intended_at))
           FILTER (WHERE delivered_at IS NOT NULL) AS delivered_p95
FROM reporting.dispatch
WHERE intended_at >= %(since)s AND intended_at < %(until)s
GROUP BY 1, 2
ORDER BY 1, 2;

-- name: returns
-- Why hand-overs came back for good, or were delayed, by connection and day.
SELECT connection, (intended_at AT TIME ZONE %(zone)s)::date AS day, told.is_for_good, told.reason, count(*) AS number
FROM reporting.dispatch
CROSS JOIN LATERAL (VALUES (true, return_reason), (false, delay_reason)) AS told (is_for_good, reason)
WHERE intended_at >= %(since)s AND intended_at < %(until)s AND told.reason IS NOT NULL
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;
