-- name: keep
-- Keep requests as they came; one with the same bytes, or that uses up the same proof, is kept already.
INSERT INTO report_request (connection, sha256, once, arrived_at, body)
SELECT connection, sha256, once, %(now)s, body
FROM unnest(%(connections)s::text[], %(digests)s::bytea[], %(onces)s::text[], %(bodies)s::bytea[])
    AS given (connection, sha256, once, body)
ORDER BY connection, sha256
ON CONFLICT DO NOTHING
RETURNING request_id, connection, sha256;

-- name: kept_before
-- Which of these requests are kept.
SELECT connection, sha256
FROM report_request JOIN unnest(%(connections)s::text[], %(digests)s::bytea[]) AS given (connection, sha256)
    USING (connection, sha256);

-- name: forget_bodies
-- Forget the bytes of old requests; the digest knows them again, and their events stay.
UPDATE report_request SET body = NULL
WHERE request_id IN (
    SELECT request_id FROM report_request WHERE body IS NOT NULL AND arrived_at < %(before)s
    ORDER BY arrived_at LIMIT %(most)s
    FOR UPDATE SKIP LOCKED
);

-- name: await_no_receipts
-- Wait for those who record receipts of these connections, in one order for all.
SELECT pg_advisory_xact_lock(hashtextextended('xconnector:reports on ' || connection, 0))
FROM (SELECT connection FROM unnest(%(connections)s::text[]) AS given (connection) ORDER BY connection) AS ordered;

-- name: await_no_reports
-- Wait for those who keep reports on unknown hand-overs of a connection.
SELECT pg_advisory_xact_lock_shared(hashtextextended('xconnector:reports on ' || %(connection)s, 0));

-- name: hand_overs
-- Which hand-overs are meant, by the place of the question: by their own key, else by a reference that only one has.
SELECT given.place, coalesce(by_key.dispatch_key, by_reference.dispatch_key)
FROM unnest(%(connections)s::text[], %(keys)s::text[], %(references)s::text[]) WITH ORDINALITY
    AS given (connection, dispatch_key, reference, place)
LEFT JOIN dispatch AS by_key ON by_key.dispatch_key = given.dispatch_key AND by_key.connection = given.connection
LEFT JOIN LATERAL (
    SELECT min(dispatch_key) AS dispatch_key FROM dispatch
    WHERE by_key.dispatch_key IS NULL
        AND dispatch.connection = given.connection AND dispatch.reference = given.reference
    HAVING count(*) = 1
) AS by_reference ON true
WHERE coalesce(by_key.dispatch_key, by_reference.dispatch_key) IS NOT NULL;
