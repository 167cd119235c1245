-- name: columns
-- What the query would give, without running it.
SELECT * FROM ({query}
) AS asked LIMIT 0;

-- name: snapshot
-- Below which number every transaction has ended, and from which on none has begun.
SELECT pg_snapshot_xmin(seen)::text::bigint, pg_snapshot_xmax(seen)::text::bigint FROM pg_current_snapshot() AS seen;

-- name: number_before
-- A number so much lower.
SELECT (%(low)s::numeric - %(overlap)s)::text;

-- name: time_before
-- A time so much earlier.
SELECT (%(low)s::timestamp - %(overlap)s::interval)::text;

-- name: moment_before
-- A time with its zone so much earlier.
SELECT (%(low)s::timestamptz - %(overlap)s::interval)::text;

-- name: unordered
-- Rows that have no place in the order.
SELECT row_to_json(asked)::text FROM ({query}
) AS asked WHERE {lacking} LIMIT %(at_most)s;

-- name: page
-- The next rows in the order.
SELECT {texts}, row_to_json(asked)::text FROM ({query}
) AS asked WHERE {behind} AND {present} ORDER BY {order} LIMIT %(at_most)s;
