-- name: add
-- Keep what sources say of customers of whom they never spoke before; where the news is summed up, its words stay beside it.
WITH given AS (
    SELECT * FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(statements)s::text[], %(said)s::text[])
        AS given (customer_key, source, statements, said)
), added AS (
    INSERT INTO customer_record (customer_key, source, statements, is_said, recorded_at)
    SELECT customer_key, source, statements::json, said IS NULL, %(now)s FROM given
    ON CONFLICT (customer_key, source) DO NOTHING
    RETURNING customer_key, source, is_said
), kept AS (
    INSERT INTO customer_record_past (customer_key, source, statements, recorded_at)
    SELECT customer_key, source, given.said::json, %(now)s
    FROM added JOIN given USING (customer_key, source)
    WHERE NOT added.is_said
)
SELECT customer_key, source FROM added;

-- name: hold
-- What these sources said of these customers where that is anything else, locked until the transaction ends.
SELECT customer_key, source, record.statements::text AS statements, record.heard_again
FROM customer_record AS record
JOIN unnest(%(customer_keys)s::text[], %(sources)s::text[], %(statements)s::text[], %(said)s::text[])
    AS given (customer_key, source, statements, said) USING (customer_key, source)
WHERE given.said IS NOT NULL OR record.statements::text <> given.statements
ORDER BY customer_key, source
FOR UPDATE OF record;

-- name: replace
-- Replace what sources said by what they say now, and keep what they said. Every word is kept once: what was said last word
-- for word stands in the present row until it is replaced.
WITH given AS (
    SELECT * FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(statements)s::text[], %(said)s::text[],
                         %(heard_again)s::timestamptz[])
        AS given (customer_key, source, statements, said, heard_again)
), kept AS (
    INSERT INTO customer_record_past (customer_key, source, statements, recorded_at)
    SELECT customer_key, source, statements, recorded_at
    FROM (
        SELECT customer_key, source, 1 AS place, record.statements, record.recorded_at
        FROM customer_record AS record JOIN given USING (customer_key, source)
        WHERE record.is_said
        UNION ALL
        SELECT customer_key, source, 2, given.said::json, greatest(record.recorded_at, %(now)s)
        FROM customer_record AS record JOIN given USING (customer_key, source)
        WHERE given.said IS NOT NULL
    ) AS passing
    ORDER BY customer_key, source, place
)
UPDATE customer_record AS record
SET statements = given.statements::json,
    is_said = given.said IS NULL,
    heard_again = given.heard_again,
    -- A clock that is behind never puts later words before earlier ones.
    recorded_at = CASE WHEN record.statements::text = given.statements THEN record.recorded_at
                       ELSE greatest(record.recorded_at, %(now)s) END
FROM given
WHERE record.customer_key = given.customer_key AND record.source = given.source;

-- name: hear_again
-- Remember that sources said all of it once more. Nothing else is written.
UPDATE customer_record AS record
SET heard_again = given.heard_again
FROM unnest(%(customer_keys)s::text[], %(sources)s::text[], %(heard_again)s::timestamptz[])
    AS given (customer_key, source, heard_again)
WHERE record.customer_key = given.customer_key AND record.source = given.source;

-- name: records
-- What the sources say of all members of these customers.
SELECT member.asked_key, said.customer_key, said.source, said.statements::text AS statements, said.heard_again
FROM members_of(%(customer_keys)s) AS member JOIN customer_record AS said ON said.customer_key = member.member_key
ORDER BY member.asked_key, said.customer_key, said.source;

-- name: records_after
-- What the sources say of the members that follow, in the order of their keys.
SELECT customer_key AS asked_key, customer_key, source, statements::text AS statements, heard_again
FROM customer_record
WHERE customer_key > %(after)s
ORDER BY customer_key, source
LIMIT %(limit)s;

-- name: members_after
-- The members that follow, each with its customer, in the order of their keys.
SELECT member_key, coalesce(link.customer_key, member_key)
FROM (SELECT DISTINCT customer_key AS member_key FROM customer_record
      WHERE customer_key > %(after)s
      ORDER BY customer_key
      LIMIT %(limit)s) AS said LEFT JOIN customer_link AS link USING (member_key)
ORDER BY member_key;

-- name: records_of_member
-- What the sources say of one member.
SELECT customer_key AS asked_key, customer_key, source, statements::text AS statements, heard_again
FROM customer_record
WHERE customer_key = %(member_key)s
ORDER BY source;

-- name: ever_said
-- All that the sources ever said of all members of these customers, or all that was known of it at a moment, in the order
-- in which it came.
WITH member AS MATERIALIZED (
    SELECT asked_key, member_key FROM unnest(%(asked_keys)s::text[], %(member_keys)s::text[]) AS given (asked_key, member_key)
)
SELECT asked_key, customer_key, source, statements, heard_again
FROM (
    SELECT member.asked_key, customer_key, source, past_id, statements::text AS statements, recorded_at,
           NULL::timestamptz AS heard_again
    FROM member JOIN customer_record_past ON customer_key = member.member_key
    UNION ALL
    -- What only sums up says nothing here but when it was heard again.
    SELECT member.asked_key, customer_key, source, NULL, CASE WHEN is_said THEN statements::text ELSE '[]' END, recorded_at,
           heard_again
    FROM member JOIN customer_record ON customer_key = member.member_key
    WHERE is_said OR heard_again IS NOT NULL
) AS said
WHERE %(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s
ORDER BY asked_key, customer_key, source, past_id NULLS LAST;
