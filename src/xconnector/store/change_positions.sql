-- name: advance
-- Remember the latest change of each row; those that are no later than what is known give no row.
INSERT INTO change_position (source, row_key, place, as_of, customer_key)
SELECT source, row_key, place::numeric, as_of, customer_key
FROM unnest(%(sources)s::text[], %(row_keys)s::text[], %(places)s::text[], %(as_of)s::timestamptz[],
            %(customer_keys)s::text[])
    AS given (source, row_key, place, as_of, customer_key)
ORDER BY source, row_key
ON CONFLICT (source, row_key) DO UPDATE
SET place = coalesce(excluded.place, change_position.place),
    -- The source's clock may have gone back; what is later in its log is later.
    as_of = greatest(excluded.as_of, change_position.as_of + interval '1 microsecond'),
    left_customer_key = nullif(change_position.customer_key, excluded.customer_key),
    customer_key = excluded.customer_key
WHERE CASE
    WHEN excluded.place IS NULL OR change_position.place IS NULL THEN excluded.as_of > change_position.as_of
    ELSE excluded.place > change_position.place
END
RETURNING source, row_key, as_of, left_customer_key;
