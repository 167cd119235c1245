-- name: asks
-- Asks of these customers whose keys were made for another customer than that of their member now.
WITH customer AS (
    SELECT member_key, customer_key FROM customer_link WHERE member_key = ANY(%(members)s)
), chosen AS (
    SELECT ask.communication_id
    FROM customer JOIN customer_link AS member USING (customer_key)
        JOIN communication ON communication.customer_key = member.member_key
        JOIN ask USING (communication_id)
    UNION
    SELECT ask.communication_id
    FROM customer JOIN ask ON ask.keyed_for IN (customer.customer_key, customer.member_key)
)
SELECT ask.communication_id, ask.record_id, ask.name, coalesce(ask.keyed_for, communication.customer_key) AS keyed_for,
       link.customer_key, ask.once_key, ask.order_key, ask.collapse_key, ask.parent_key,
       ask.waits_for IS NOT NULL AS is_waiting, ARRAY(
           SELECT ask_counter.key FROM ask_counter WHERE ask_counter.communication_id = ask.communication_id
       ) AS counters
FROM chosen JOIN ask USING (communication_id) JOIN communication USING (communication_id)
    JOIN customer_link AS link ON link.member_key = communication.customer_key
WHERE coalesce(ask.keyed_for, communication.customer_key) <> link.customer_key
ORDER BY ask.communication_id;

-- name: heard
-- Events of these customers that are kept under a key made for another customer than that of their member now.
WITH customer AS (
    SELECT member_key, customer_key FROM customer_link WHERE member_key = ANY(%(members)s)
), chosen AS (
    SELECT heard.key, heard.record_id
    FROM customer JOIN customer_link AS member USING (customer_key) JOIN heard ON heard.member_key = member.member_key
    UNION
    SELECT heard.key, heard.record_id
    FROM customer JOIN heard ON heard.keyed_for IN (customer.customer_key, customer.member_key)
)
SELECT heard.key, heard.record_id, heard.event_type, coalesce(heard.keyed_for, heard.member_key) AS keyed_for,
       link.customer_key
FROM chosen JOIN heard USING (key, record_id) JOIN customer_link AS link USING (member_key)
WHERE coalesce(heard.keyed_for, heard.member_key) <> link.customer_key
ORDER BY heard.key, heard.record_id;

-- name: move_asks
-- Give asks the keys of another customer; a key that is no longer there stays away.
UPDATE ask
SET once_key = CASE WHEN ask.once_key IS NOT NULL THEN given.once_key END,
    order_key = CASE WHEN ask.order_key IS NOT NULL THEN given.order_key END,
    collapse_key = given.collapse_key, parent_key = given.parent_key, keyed_for = given.customer_key
FROM unnest(%(ids)s::uuid[], %(once)s::uuid[], %(orders)s::uuid[], %(collapses)s::uuid[], %(parents)s::uuid[],
            %(customers)s::text[])
    AS given (id, once_key, order_key, collapse_key, parent_key, customer_key)
WHERE ask.communication_id = given.id;

-- name: move_counters
-- Let events cancel communications under other keys.
WITH gone AS (
    DELETE FROM ask_counter
    USING unnest(%(ids)s::uuid[], %(before)s::uuid[], %(after)s::uuid[]) AS given (id, before, after)
    WHERE ask_counter.communication_id = given.id AND ask_counter.key = given.before
    RETURNING given.after, given.id
)
INSERT INTO ask_counter (key, communication_id) SELECT after, id FROM gone
ON CONFLICT DO NOTHING;

-- name: move_heard
-- Keep events under other keys, each once.
UPDATE heard SET key = given.after, keyed_for = given.customer_key
FROM unnest(%(records)s::bigint[], %(before)s::uuid[], %(after)s::uuid[], %(customers)s::text[])
    AS given (id, before, after, customer_key)
WHERE heard.record_id = given.id AND heard.key = given.before
    AND (given.after = given.before
        OR NOT EXISTS (SELECT FROM heard AS there WHERE there.key = given.after AND there.record_id = given.id));

-- name: members
-- The members whom communications name.
SELECT DISTINCT customer_key FROM communication WHERE communication_id = ANY(%(ids)s);

-- name: children
-- What waits for events under these keys.
SELECT communication_id FROM ask WHERE parent_key = ANY(%(keys)s) AND waits_for = 'parent' ORDER BY communication_id;

-- name: astray
-- What waits under the keys of another customer than that of its member now, or for an event that is kept under such a key.
SELECT ask.communication_id
FROM ask JOIN communication USING (communication_id)
    JOIN customer_link AS link ON link.member_key = communication.customer_key
WHERE ask.waits_for IS NOT NULL AND coalesce(ask.keyed_for, communication.customer_key) <> link.customer_key
UNION
SELECT ask.communication_id
FROM ask JOIN communication USING (communication_id)
    JOIN customer_link AS link ON link.member_key = communication.customer_key
    JOIN customer_link AS member ON member.customer_key = link.customer_key
    JOIN heard ON heard.member_key = member.member_key
WHERE ask.waits_for = 'parent' AND coalesce(heard.keyed_for, heard.member_key) <> member.customer_key
ORDER BY communication_id
LIMIT %(most)s;
