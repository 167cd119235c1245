-- name: propose
-- Let people decide about pairs; a pair that was proposed before is not proposed again.
INSERT INTO customer_match (first_key, second_key, basis, differ, probability, weights, found_at)
SELECT first_key, second_key, basis, ARRAY(SELECT json_array_elements_text(differ::json)), probability, weights::json,
       %(now)s
FROM unnest(%(first_key)s::text[], %(second_key)s::text[], %(basis)s::text[], %(differ)s::text[],
            %(probability)s::double precision[], %(weights)s::text[])
    AS given (first_key, second_key, basis, differ, probability, weights)
ORDER BY probability DESC NULLS FIRST, first_key, second_key
ON CONFLICT (first_key, second_key) DO NOTHING;

-- name: open
-- The pairs that wait for a person and are not one customer by now, the oldest first.
SELECT match_id, first_key, second_key, basis, differ, probability, weights::text AS weights, found_at
FROM customer_match AS pair
WHERE decision IS NULL AND match_id > %(after)s
    AND coalesce((SELECT customer_key FROM customer_link WHERE member_key = first_key), first_key)
        <> coalesce((SELECT customer_key FROM customer_link WHERE member_key = second_key), second_key)
    AND NOT EXISTS (
        SELECT FROM (SELECT action FROM customer_link_event AS word
                     WHERE word.first_key = pair.first_key AND word.second_key = pair.second_key
                     ORDER BY event_id DESC LIMIT 1) AS latest
        WHERE latest.action = 'apart')
ORDER BY match_id
LIMIT %(limit)s;

-- name: find
-- One pair that waits.
SELECT match_id, first_key, second_key, basis, differ, probability, weights::text AS weights, found_at
FROM customer_match
WHERE match_id = %(match_id)s AND decision IS NULL;

-- name: hold
-- One pair, locked until the transaction ends.
SELECT match_id, first_key, second_key, basis, differ, probability, weights::text AS weights, found_at
FROM customer_match
WHERE match_id = %(match_id)s AND decision IS NULL
FOR UPDATE;

-- name: decide
-- Keep what a person decided.
UPDATE customer_match SET decision = %(decision)s, decided_by = %(by)s, decided_at = %(now)s, reason = %(reason)s
WHERE match_id = %(match_id)s;
