-- name: add
-- Put entries on the suppression list; what is known already stays as it is.
INSERT INTO suppression_event (event_id, customer_key, medium, action, reason, address, note, actor, source,
                               occurred_at, recorded_at)
SELECT *
FROM unnest(%(event_id)s::uuid[], %(customer_key)s::text[], %(medium)s::text[], %(action)s::text[],
            %(reason)s::text[], %(address)s::text[], %(note)s::text[], %(actor)s::text[], %(source)s::text[],
            %(occurred_at)s::timestamptz[], %(recorded_at)s::timestamptz[])
ORDER BY 1
ON CONFLICT (event_id) DO NOTHING;

-- name: of_customers
-- What the suppression list says of all members of these customers, oldest first.
SELECT member.asked_key, said.customer_key, medium, action, reason, address, note, actor, source, occurred_at, recorded_at
FROM members_of(%(customer_keys)s) AS member JOIN suppression_event AS said ON said.customer_key = member.member_key
ORDER BY occurred_at, recorded_at, event_id;

-- name: of_members
-- What the suppression list says of these very keys, oldest first.
SELECT customer_key AS asked_key, customer_key, medium, action, reason, address, note, actor, source, occurred_at, recorded_at
FROM suppression_event
WHERE customer_key = ANY(%(customer_keys)s)
ORDER BY occurred_at, recorded_at, event_id;
