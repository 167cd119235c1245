-- name: add
-- Keep what somebody said of a customer's field.
INSERT INTO customer_override (customer_key, field, value, reason, actor, since, until, revokes, recorded_at)
VALUES (%(customer_key)s, %(field)s, %(value)s::json, %(reason)s, %(actor)s, %(since)s, %(until)s, %(revokes)s, %(now)s);

-- name: known_at
-- What was known at a moment of what was said of the fields of these members, as it was recorded.
SELECT member.asked_key, said.customer_key, field AS name, value::text AS value, reason, actor, since, until, revokes
FROM unnest(%(asked_keys)s::text[], %(member_keys)s::text[]) AS member (asked_key, member_key)
    JOIN customer_override AS said ON said.customer_key = member.member_key
WHERE recorded_at <= %(known_at)s
ORDER BY override_id;

-- name: of_customers
-- What was said of the fields of all members of these customers, as it was recorded.
SELECT member.asked_key, said.customer_key, field AS name, value::text AS value, reason, actor, since, until, revokes
FROM members_of(%(customer_keys)s) AS member JOIN customer_override AS said ON said.customer_key = member.member_key
ORDER BY override_id;
