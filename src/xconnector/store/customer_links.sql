-- name: clusters
-- Every member of the customers to whom these keys belong, of those that were ever linked.
SELECT own.member_key AS asked_key, own.customer_key, member.member_key
FROM customer_link AS own JOIN customer_link AS member USING (customer_key)
WHERE own.member_key = ANY(%(keys)s)
ORDER BY own.member_key, member.member_key COLLATE "C";

-- name: customers
-- The customers of members that are not their own.
SELECT member_key, customer_key FROM customer_link
WHERE member_key = ANY(%(member_keys)s) AND customer_key <> member_key;

-- name: hold
-- Let nobody else change who is the same customer until the transaction ends; everybody may read.
LOCK TABLE customer_link IN SHARE ROW EXCLUSIVE MODE;

-- name: keep_still
-- Let nobody change who is the same customer until the transaction ends; many may ask for it at once.
LOCK TABLE customer_link IN ROW EXCLUSIVE MODE;

-- name: latest
-- The latest word on every pair that holds one of these members, in the order in which they were said.
SELECT first_key, second_key, action, basis, actor, reason, at
FROM (SELECT DISTINCT ON (first_key, second_key) event_id, first_key, second_key, action, basis, actor, reason, at
      FROM customer_link_event
      WHERE first_key = ANY(%(member_keys)s) OR second_key = ANY(%(member_keys)s)
      ORDER BY first_key, second_key, event_id DESC) AS word
ORDER BY event_id;

-- name: ever
-- All that was ever said of these members, and of whoever was ever linked with them or led to them, in the order in which it
-- was said.
WITH RECURSIVE reached (member_key) AS (
    SELECT unnest(%(member_keys)s::text[])
    UNION
    SELECT linked.member_key
    FROM reached CROSS JOIN LATERAL (
        SELECT second_key AS member_key FROM customer_link_event WHERE first_key = reached.member_key AND action = 'linked'
        UNION ALL
        SELECT first_key FROM customer_link_event WHERE second_key = reached.member_key AND action = 'linked'
    ) AS linked
)
SELECT first_key, second_key, action, basis, actor, reason, at
FROM customer_link_event
WHERE first_key IN (SELECT member_key FROM reached)
ORDER BY event_id;

-- name: say
-- Keep what was said of pairs of members, in this order.
INSERT INTO customer_link_event (at, action, first_key, second_key, basis, actor, reason)
SELECT at, action, first_key, second_key, basis, actor, reason
FROM unnest(%(at)s::timestamptz[], %(action)s::text[], %(first_key)s::text[], %(second_key)s::text[], %(basis)s::text[],
            %(actor)s::text[], %(reason)s::text[])
    WITH ORDINALITY AS given (at, action, first_key, second_key, basis, actor, reason, position)
ORDER BY position;

-- name: place
-- Say to which customer members belong from now on; who stays where it was keeps the time since when.
INSERT INTO customer_link AS link (member_key, customer_key, known_since, since, changed_at)
SELECT member_key, given.customer_key,
       coalesce((SELECT min(recorded_at) FROM customer_record_past AS past WHERE past.customer_key = member_key),
                (SELECT min(recorded_at) FROM customer_record AS record WHERE record.customer_key = member_key), %(now)s),
       %(now)s, %(now)s
FROM unnest(%(member_keys)s::text[], %(customer_keys)s::text[]) AS given (member_key, customer_key)
ORDER BY member_key
ON CONFLICT (member_key) DO UPDATE
SET customer_key = excluded.customer_key, changed_at = excluded.changed_at,
    since = CASE WHEN link.customer_key = excluded.customer_key THEN link.since ELSE excluded.since END;

-- name: known_since
-- When sources first spoke of members, of those of whom any did.
SELECT member_key,
       coalesce(link.known_since,
                (SELECT min(recorded_at) FROM customer_record_past AS past WHERE past.customer_key = member_key),
                (SELECT min(recorded_at) FROM customer_record AS record WHERE record.customer_key = member_key)) AS at
FROM unnest(%(member_keys)s::text[]) AS given (member_key) LEFT JOIN customer_link AS link USING (member_key);

-- name: since
-- Since when members have been with their customer.
SELECT member_key, since AS at FROM customer_link WHERE member_key = ANY(%(member_keys)s);

-- name: first_linked
-- When members were first linked with any other, of those that ever were.
SELECT member_key, min(at) AS at
FROM unnest(%(member_keys)s::text[]) AS given (member_key)
    JOIN customer_link_event ON action = 'linked' AND (first_key = member_key OR second_key = member_key)
GROUP BY member_key;

-- name: known_among
-- Those of these members of whom anybody ever spoke.
SELECT member_key FROM unnest(%(member_keys)s::text[]) AS given (member_key)
WHERE EXISTS (SELECT FROM customer_record AS said WHERE said.customer_key = given.member_key)
    OR EXISTS (SELECT FROM consent_event AS said WHERE said.customer_key = given.member_key)
    OR EXISTS (SELECT FROM suppression_event AS said WHERE said.customer_key = given.member_key)
    OR EXISTS (SELECT FROM communication AS said WHERE said.customer_key = given.member_key);
