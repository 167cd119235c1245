-- name: begin
-- Let a target be told from now on; one that is known stays where it is.
INSERT INTO write_back_target (target, began_at, begins, position)
SELECT %(target)s, %(now)s, horizon, horizon FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS now (horizon)
ON CONFLICT DO NOTHING;

-- name: targets
-- Where targets stand.
SELECT target, began_at, trouble, trouble_since, retry_at,
       (SELECT count(*) FROM write_back WHERE write_back.target = write_back_target.target AND due_at IS NOT NULL) AS waiting,
       (SELECT min(due_at) FROM write_back WHERE write_back.target = write_back_target.target) AS oldest,
       (SELECT count(*) FROM write_back_refused WHERE write_back_refused.target = write_back_target.target) AS refused
FROM write_back_target ORDER BY target;

-- name: find
-- Where a target stands.
SELECT target, began_at, trouble, trouble_since, retry_at FROM write_back_target WHERE target = %(target)s;

-- name: edge
-- Up to which transaction a target can be told now, at most so many entries further.
SELECT position, least(horizon, coalesce((
    SELECT written_by + 1 FROM ledger
    WHERE written_by >= position
        AND (state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR event IN ('rerouted', 'withdrawn') OR event LIKE 'reported %%')
    ORDER BY written_by OFFSET %(entries)s LIMIT 1
), horizon)) AS edge
FROM write_back_target, (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS now (horizon)
WHERE target = %(target)s;

-- name: gather
-- Note which communications a target is to be told of; one that was put off stays so.
INSERT INTO write_back (target, communication_id, due_at)
SELECT DISTINCT %(target)s, ledger.communication_id, %(now)s::timestamptz
FROM ledger JOIN communication USING (communication_id) JOIN inbox ON inbox.record_id = communication.record_id
WHERE ledger.written_by >= %(position)s AND ledger.written_by < %(edge)s
    AND (ledger.state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR ledger.event IN ('rerouted', 'withdrawn') OR ledger.event LIKE 'reported %%')
    AND (inbox.source = ANY(%(names)s) OR inbox.feed = ANY(%(names)s)
        OR EXISTS (SELECT FROM unnest(%(prefixes)s::text[]) AS prefix WHERE starts_with(inbox.source, prefix)))
ON CONFLICT (target, communication_id) DO UPDATE SET due_at = coalesce(write_back.due_at, excluded.due_at);

-- name: advance
-- Move a target on.
UPDATE write_back_target SET position = %(edge)s WHERE target = %(target)s;

-- name: due
-- The communications of which a target is to be told now.
SELECT communication_id, told, attempts FROM write_back
WHERE target = %(target)s AND due_at <= %(now)s
ORDER BY due_at, communication_id LIMIT %(limit)s;

-- name: happenings
-- What happened to communications behind what was told of them, in its order.
SELECT ledger.communication_id, ledger.entry_id, ledger.at, ledger.event, ledger.state, ledger.detail::text AS detail,
       communication.name AS communication, communication.customer_key, inbox.source AS record_source,
       inbox.source_key AS record_key, proposal.raw
FROM unnest(%(ids)s::uuid[], %(told)s::bigint[]) AS given (communication_id, told)
JOIN ledger ON ledger.communication_id = given.communication_id AND ledger.entry_id > given.told
JOIN communication ON communication.communication_id = given.communication_id
JOIN inbox ON inbox.record_id = communication.record_id
LEFT JOIN LATERAL (
    SELECT raw FROM delivery_event
    WHERE ledger.event LIKE 'reported %%' AND delivery_event.dispatch_key = ledger.detail ->> 'dispatch'
        AND delivery_event.type = substr(ledger.event, length('reported ') + 1)
        AND delivery_event.occurred_at = (ledger.detail ->> 'occurred_at')::timestamptz
        AND delivery_event.detail = coalesce(ledger.detail ->> 'detail', '')
        AND position('"new_address"'::bytea IN raw) > 0
    LIMIT 1
) AS proposal ON true
WHERE (ledger.state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR ledger.event IN ('rerouted', 'withdrawn') OR ledger.event LIKE 'reported %%')
ORDER BY ledger.communication_id, ledger.entry_id;

-- name: mark
-- Note what a target has by now; what was ordered to be told again meanwhile stays due.
UPDATE write_back
SET told = given.last, due_at = given.due_at, attempts = CASE WHEN given.due_at IS NULL THEN 0 ELSE attempts + 1 END
FROM unnest(%(ids)s::uuid[], %(seen)s::bigint[], %(last)s::bigint[], %(due)s::timestamptz[])
    AS given (communication_id, seen, last, due_at)
WHERE target = %(target)s AND write_back.communication_id = given.communication_id AND told = given.seen;

-- name: refuse
-- Keep what a target does not take.
INSERT INTO write_back_refused (target, entry_id, communication_id, reason, refused_at)
SELECT %(target)s, entry_id, communication_id, reason, %(now)s
FROM unnest(%(entries)s::bigint[], %(ids)s::uuid[], %(reasons)s::text[]) AS given (entry_id, communication_id, reason)
ON CONFLICT DO NOTHING;

-- name: note
-- Note what keeps a target from being told; null where nothing does.
UPDATE write_back_target
SET trouble = %(trouble)s, retry_at = %(retry_at)s,
    trouble_since = CASE WHEN %(trouble)s::text IS NOT NULL THEN coalesce(trouble_since, %(now)s) END
WHERE target = %(target)s AND (trouble IS NOT NULL OR %(trouble)s::text IS NOT NULL);

-- name: count
-- What happened in a time of which a target is told, by the ledger's words, and how much of it the target has.
SELECT ledger.event, ledger.state, count(*) AS happened,
       count(*) FILTER (WHERE refused.entry_id IS NULL AND ledger.entry_id <= write_back.told) AS acknowledged,
       count(refused.entry_id) AS refused
FROM ledger JOIN communication USING (communication_id) JOIN inbox ON inbox.record_id = communication.record_id
JOIN write_back_target ON write_back_target.target = %(target)s
LEFT JOIN write_back ON write_back.target = %(target)s AND write_back.communication_id = ledger.communication_id
LEFT JOIN write_back_refused AS refused ON refused.target = %(target)s AND refused.entry_id = ledger.entry_id
WHERE ledger.at >= %(since)s AND ledger.at < %(until)s
    AND (ledger.state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR ledger.event IN ('rerouted', 'withdrawn') OR ledger.event LIKE 'reported %%')
    AND (inbox.source = ANY(%(names)s) OR inbox.feed = ANY(%(names)s)
        OR EXISTS (SELECT FROM unnest(%(prefixes)s::text[]) AS prefix WHERE starts_with(inbox.source, prefix)))
    AND (ledger.written_by >= write_back_target.begins OR write_back.communication_id IS NOT NULL)
GROUP BY ledger.event, ledger.state;

-- name: replay
-- Let a target be told again, from the first entry of a time on.
INSERT INTO write_back (target, communication_id, told, due_at)
SELECT %(target)s, ledger.communication_id, min(ledger.entry_id) - 1, %(now)s
FROM ledger JOIN communication USING (communication_id) JOIN inbox ON inbox.record_id = communication.record_id
WHERE ledger.at >= %(since)s AND ledger.at < %(until)s
    AND (ledger.state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR ledger.event IN ('rerouted', 'withdrawn') OR ledger.event LIKE 'reported %%')
    AND (inbox.source = ANY(%(names)s) OR inbox.feed = ANY(%(names)s)
        OR EXISTS (SELECT FROM unnest(%(prefixes)s::text[]) AS prefix WHERE starts_with(inbox.source, prefix)))
GROUP BY ledger.communication_id
ON CONFLICT (target, communication_id) DO UPDATE
SET told = least(write_back.told, excluded.told), due_at = excluded.due_at, attempts = 0;

-- name: take_back_refusals
-- Forget what a target did not take, where it is told again.
DELETE FROM write_back_refused USING write_back
WHERE write_back_refused.target = %(target)s AND write_back.target = %(target)s
    AND write_back.communication_id = write_back_refused.communication_id AND write_back_refused.entry_id > write_back.told;

-- name: refusals
-- What a target did not take, the latest first.
SELECT communication_id, reason, refused_at FROM write_back_refused WHERE target = %(target)s
ORDER BY refused_at DESC, entry_id DESC LIMIT %(limit)s;

-- name: is_day_told
-- Whether a target was told of a day.
SELECT 1 FROM write_back_day WHERE target = %(target)s AND day = %(day)s;

-- name: tell_day
-- Note that a target was told of a day.
INSERT INTO write_back_day (target, day, told_at) VALUES (%(target)s, %(day)s, %(now)s) ON CONFLICT DO NOTHING;
