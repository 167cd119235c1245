-- name: insert
-- Write records; one whose key is taken already is left out. Returns (place from 1, record id).
WITH given AS (
    SELECT * FROM unnest(
        %(sources)s::text[], %(source_keys)s::text[], %(fates)s::text[], %(event_types)s::text[],
        %(occurred_at)s::timestamptz[], %(sha256)s::text[], %(payloads)s::bytea[], %(data)s::text[], %(feeds)s::text[],
        %(positions)s::bigint[], %(reasons)s::text[]
    ) WITH ORDINALITY AS given (source, source_key, fate, event_type, occurred_at, sha256, payload, data, feed, position,
                                reason, place)
), numbered AS (
    SELECT given.*, nextval(pg_get_serial_sequence('inbox', 'record_id')) AS record_id FROM given ORDER BY place
), written AS (
    INSERT INTO inbox (record_id, batch_id, source, source_key, fate, event_type, occurred_at, sha256, payload, data, feed,
                       position, reason, received_at)
    OVERRIDING SYSTEM VALUE
    SELECT record_id, %(batch_id)s, source, source_key, fate, event_type, occurred_at, sha256, payload, data::json, feed,
           position, reason, %(now)s
    FROM numbered ORDER BY place
    ON CONFLICT (source, source_key) WHERE fate = 'taken' DO NOTHING
    RETURNING record_id
)
SELECT numbered.place, numbered.record_id FROM numbered JOIN written USING (record_id);

-- name: first_of
-- With which digests and types these keys were taken.
SELECT inbox.source, inbox.source_key, inbox.sha256, inbox.event_type
FROM unnest(%(sources)s::text[], %(source_keys)s::text[]) AS given (source, source_key)
JOIN inbox ON inbox.source = given.source AND inbox.source_key = given.source_key AND inbox.fate = 'taken';

-- name: at_home
-- Which of these stand aside or were refused before: the same bytes by the same name, the oldest of each. One that can be
-- read by now is none where its row of then cannot be taken again; nor is one refused for a key that is free by now, or
-- one that was taken after all. Gives the place from 1, the row with its fate and reason, and what was taken instead.
SELECT DISTINCT ON (given.place) given.place, inbox.record_id, inbox.fate, inbox.reason, first.sha256
FROM unnest(%(sources)s::text[], %(source_keys)s::text[], %(event_types)s::text[], %(sha256)s::text[], %(are_bad)s::boolean[])
    WITH ORDINALITY AS given (source, source_key, event_type, sha256, is_bad, place)
JOIN inbox ON inbox.sha256 = given.sha256 AND inbox.fate IN ('set_aside', 'refused')
    AND inbox.source = given.source AND inbox.event_type = given.event_type
    AND inbox.source_key IS NOT DISTINCT FROM given.source_key
LEFT JOIN inbox AS first
    ON first.source = given.source AND first.source_key = given.source_key AND first.fate = 'taken'
WHERE (given.is_bad OR inbox.data IS NOT NULL)
    AND (inbox.fate = 'set_aside' OR first.record_id IS NOT NULL)
    AND (first.sha256, first.event_type) IS DISTINCT FROM (given.sha256, given.event_type)
ORDER BY given.place, inbox.record_id;

-- name: alone_with
-- Let nobody else set records of these sources aside, or refuse them, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('xconnector:coming home:' || source, 0))
FROM unnest(%(sources)s::text[]) AS given (source);

-- name: count_again
-- Count that records which stand aside or were refused came again.
INSERT INTO came_again (record_id, times, last_at)
SELECT record_id, count(*), %(now)s FROM unnest(%(record_ids)s::bigint[]) AS given (record_id)
GROUP BY record_id ORDER BY record_id
ON CONFLICT (record_id) DO UPDATE
SET times = came_again.times + excluded.times, last_at = greatest(came_again.last_at, excluded.last_at);

-- name: known_aside
-- By which keys records of a source with these digests stand aside or were refused.
SELECT DISTINCT source_key, sha256 FROM inbox
WHERE source = %(source)s AND sha256 = ANY(%(digests)s) AND fate IN ('set_aside', 'refused');

-- name: unasked
-- The batch's taken records of which it is not known yet what they ask for.
SELECT record_id, source, source_key, event_type, occurred_at, received_at, feed, data::text AS data,
       asked_again_at IS NOT NULL AS is_asked_again
FROM inbox
WHERE batch_id = %(batch_id)s AND fate = 'taken' AND made IS NULL
ORDER BY record_id
FOR UPDATE;

-- name: records
-- Taken records by id.
SELECT record_id, source, source_key, event_type, occurred_at, received_at, feed, data::text AS data
FROM inbox
WHERE record_id = ANY(%(record_ids)s) AND fate = 'taken';

-- name: set_made
-- Record how many communications each record asked for.
UPDATE inbox SET made = given.number
FROM unnest(%(ids)s::bigint[], %(numbers)s::smallint[]) AS given (record_id, number)
WHERE inbox.record_id = given.record_id;

-- name: set_aside
-- Set taken records aside after all.
UPDATE inbox SET fate = 'set_aside', reason = given.reason
FROM unnest(%(ids)s::bigint[], %(reasons)s::text[]) AS given (record_id, reason)
WHERE inbox.record_id = given.record_id AND inbox.fate = 'taken';

-- name: take_again
-- Take records again that were set aside with readable data, of each key the oldest, unless it was taken meanwhile.
WITH oldest AS (
    SELECT DISTINCT ON (source, source_key) record_id
    FROM inbox
    WHERE record_id = ANY(%(record_ids)s) AND fate = 'set_aside' AND data IS NOT NULL AND source_key IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM inbox AS other
            WHERE other.source = inbox.source AND other.source_key = inbox.source_key AND other.fate = 'taken'
        )
    ORDER BY source, source_key, record_id
)
UPDATE inbox SET fate = 'taken', reason = NULL, made = NULL
FROM oldest WHERE inbox.record_id = oldest.record_id AND inbox.fate = 'set_aside'
RETURNING inbox.record_id, inbox.batch_id;

-- name: repeat_after_all
-- Count records that were set aside as repeated whose key is taken by now with the same bytes.
UPDATE inbox SET fate = 'repeated', reason = NULL, payload = NULL, data = NULL
FROM inbox AS first
WHERE inbox.record_id = ANY(%(record_ids)s) AND inbox.fate = 'set_aside'
    AND first.source = inbox.source AND first.source_key = inbox.source_key AND first.fate = 'taken'
    AND first.sha256 = inbox.sha256
RETURNING inbox.record_id, inbox.batch_id;
