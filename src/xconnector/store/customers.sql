-- name: remember
-- Keep what sources say of customers; older news never replaces newer.
INSERT INTO customer_record AS known (customer_key, source, as_of, fields, recorded_at)
SELECT customer_key, source, as_of, fields::json, %(now)s
FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(as_of)s::timestamptz[], %(fields)s::text[])
    AS given (customer_key, source, as_of, fields)
ON CONFLICT (customer_key, source) DO UPDATE
SET as_of = excluded.as_of, fields = excluded.fields, recorded_at = excluded.recorded_at
WHERE known.as_of <= excluded.as_of;

-- name: records
-- What the sources say of these customers.
SELECT customer_key, source, as_of, fields::text AS fields
FROM customer_record
WHERE customer_key = ANY(%(customer_keys)s);
