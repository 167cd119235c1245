-- name: begin
-- Remember a load, unless one of this very file was interrupted; that one learns whether the file is full.
INSERT INTO customer_load (load_id, source, feed, file_name, file_sha256, as_of, is_full, declared, started_at)
VALUES (%(load_id)s, %(source)s, %(feed)s, %(file_name)s, %(file_sha256)s, %(as_of)s, %(is_full)s, %(declared)s,
        %(started_at)s)
ON CONFLICT (source, feed, file_sha256) WHERE ended_at IS NULL DO UPDATE SET is_full = excluded.is_full;

-- name: under_way
-- The load of this very file that has not ended.
SELECT load_id, source, feed, file_name, file_sha256, as_of, is_full, declared, records, kept, unchanged, set_aside,
       retracted, started_at, ended_at, failure,
       (SELECT json_object_agg(field, unknown.records ORDER BY unknown.records DESC, field)
        FROM customer_load_unknown_field AS unknown WHERE unknown.load_id = customer_load.load_id)::text AS unknown
FROM customer_load
WHERE source = %(source)s AND feed = %(feed)s AND file_sha256 = %(file_sha256)s AND ended_at IS NULL;

-- name: advance
-- Remember what became of a page, unless it was taken already.
UPDATE customer_load
SET records = records + %(kept)s + %(unchanged)s + %(set_aside)s, kept = kept + %(kept)s,
    unchanged = unchanged + %(unchanged)s, set_aside = set_aside + %(set_aside)s
WHERE load_id = %(load_id)s AND records = %(after)s AND ended_at IS NULL;

-- name: add_unknown
-- Count records that name fields which the project does not know; of a load at most so many fields are told.
INSERT INTO customer_load_unknown_field (load_id, field, records)
SELECT %(load_id)s, field, records
FROM unnest(%(fields)s::text[], %(records)s::bigint[]) AS given (field, records)
WHERE (SELECT count(*) FROM customer_load_unknown_field WHERE load_id = %(load_id)s) < %(most)s
    OR EXISTS (SELECT FROM customer_load_unknown_field AS told WHERE told.load_id = %(load_id)s AND told.field = given.field)
ON CONFLICT (load_id, field) DO UPDATE SET records = customer_load_unknown_field.records + excluded.records;

-- name: give_up
-- End a load before the end of its file.
UPDATE customer_load SET ended_at = %(now)s, failure = %(failure)s WHERE load_id = %(load_id)s AND ended_at IS NULL;

-- name: ids_like
-- Loads whose ids begin so, the newest first.
SELECT load_id FROM customer_load WHERE starts_with(load_id::text, %(beginning)s) ORDER BY started_at DESC LIMIT %(limit)s;

-- name: set_aside
-- Keep records that say nothing we understand.
INSERT INTO customer_load_reject (load_id, position, line, reason, payload)
SELECT %(load_id)s, position, line, reason, payload
FROM unnest(%(positions)s::bigint[], %(lines)s::bigint[], %(reasons)s::text[], %(payloads)s::bytea[])
    AS given (position, line, reason, payload);

-- name: end
-- End loads that belong together.
UPDATE customer_load
SET ended_at = %(now)s, retracted = CASE WHEN load_id = %(last)s THEN %(retracted)s ELSE 0 END
WHERE load_id = ANY(%(load_ids)s);

-- name: of_ids
-- Loads by id.
SELECT load_id, source, feed, file_name, file_sha256, as_of, is_full, declared, records, kept, unchanged, set_aside,
       retracted, started_at, ended_at, failure,
       (SELECT json_object_agg(field, unknown.records ORDER BY unknown.records DESC, field)
        FROM customer_load_unknown_field AS unknown WHERE unknown.load_id = customer_load.load_id)::text AS unknown
FROM customer_load
WHERE load_id = ANY(%(load_ids)s);

-- name: newest
-- The latest loads.
SELECT load_id, source, feed, file_name, file_sha256, as_of, is_full, declared, records, kept, unchanged, set_aside,
       retracted, started_at, ended_at, failure,
       (SELECT json_object_agg(field, unknown.records ORDER BY unknown.records DESC, field)
        FROM customer_load_unknown_field AS unknown WHERE unknown.load_id = customer_load.load_id)::text AS unknown
FROM customer_load
ORDER BY started_at DESC, load_id
LIMIT %(limit)s;

-- name: rejects
-- Records of a load that were set aside.
SELECT position, line, reason, payload
FROM customer_load_reject
WHERE load_id = %(load_id)s AND position > %(after)s
ORDER BY position
LIMIT %(limit)s;

-- name: open_list
-- A list of customers, and who is missing there; both live as long as the connection.
DROP TABLE IF EXISTS pg_temp.listed_customer, pg_temp.gone_customer;
CREATE TEMPORARY TABLE listed_customer (customer_key text NOT NULL);
CREATE TEMPORARY TABLE gone_customer (customer_key text PRIMARY KEY);

-- name: write_down
-- Put customers on the list.
COPY pg_temp.listed_customer (customer_key) FROM STDIN;

-- name: find_gone
-- The customers of a source that are not on the list. Whom it deleted it does not have.
INSERT INTO pg_temp.gone_customer
SELECT customer_key
FROM customer_record AS record
WHERE source = %(source)s AND NOT (json_array_length(statements) = 1 AND statements -> 0 ->> 'fields' = '{}')
    AND NOT EXISTS (SELECT FROM pg_temp.listed_customer AS listed WHERE listed.customer_key = record.customer_key)
ORDER BY customer_key;

-- name: count_known
-- How many customers a source has. Whom it deleted it does not have.
SELECT count(*)
FROM customer_record
WHERE source = %(source)s AND NOT (json_array_length(statements) = 1 AND statements -> 0 ->> 'fields' = '{}');

-- name: gone_after
-- Customers that are not on the list, in the order of their keys.
SELECT customer_key FROM pg_temp.gone_customer WHERE customer_key > %(after)s ORDER BY customer_key LIMIT %(limit)s;
