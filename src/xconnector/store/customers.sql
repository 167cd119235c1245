-- name: add
-- Keep what sources say of customers of whom they never spoke before.
INSERT INTO customer_record (customer_key, source, statements, recorded_at)
SELECT customer_key, source, statements::json, %(now)s
FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(statements)s::text[])
    AS given (customer_key, source, statements)
ON CONFLICT (customer_key, source) DO NOTHING
RETURNING customer_key, source;

-- name: hold
-- What these sources said of these customers, locked until the transaction ends.
SELECT customer_key, source, statements::text AS statements
FROM customer_record JOIN unnest(%(customer_keys)s::text[], %(sources)s::text[]) AS given (customer_key, source)
    USING (customer_key, source)
ORDER BY customer_key, source
FOR UPDATE OF customer_record;

-- name: replace
-- Replace what sources said by what they say now.
UPDATE customer_record SET statements = given.statements::json, recorded_at = %(now)s
FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(statements)s::text[])
    AS given (customer_key, source, statements)
WHERE customer_record.customer_key = given.customer_key AND customer_record.source = given.source;

-- name: records
-- What the sources say of these customers.
SELECT customer_key, source, statements::text AS statements
FROM customer_record
WHERE customer_key = ANY(%(customer_keys)s);
