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
