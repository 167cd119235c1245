-- name: bounds
-- The first and last record that came in a time.
SELECT min(record_id) AS first, max(record_id) AS last
FROM inbox WHERE received_at >= %(since)s AND received_at < %(until)s;

-- name: page
-- Records of a feed in the order in which they came, after the one that was read last.
SELECT record_id, source, source_key, event_type, occurred_at, received_at, feed, data::text AS data
FROM inbox
WHERE record_id > %(after)s AND record_id <= %(last)s AND received_at >= %(since)s AND received_at < %(until)s
    AND fate IN ('taken', 'set_aside') AND source_key IS NOT NULL AND data IS NOT NULL
    AND (feed = %(feed)s OR (feed IS NULL AND event_type = %(event_type)s))
ORDER BY record_id
LIMIT %(most)s;

-- name: made_of
-- What was made of records so far.
SELECT record_id, name, state FROM communication WHERE record_id = ANY(%(record_ids)s);

-- name: ask_again
-- Let taken records be asked again what they ask for.
UPDATE inbox SET made = NULL, asked_again_at = %(now)s
WHERE record_id = ANY(%(record_ids)s) AND fate = 'taken' AND made IS NOT NULL
RETURNING record_id, batch_id;
