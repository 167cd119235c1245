-- name: add
-- Keep what customers said; what is known already stays as it is.
INSERT INTO consent_event (event_id, customer_key, medium, scope, action, basis, wording, language, method, shown,
                           evidence, actor, source, occurred_at, recorded_at, expires_on)
SELECT *
FROM unnest(%(event_id)s::uuid[], %(customer_key)s::text[], %(medium)s::text[], %(scope)s::text[], %(action)s::text[],
            %(basis)s::text[], %(wording)s::text[], %(language)s::text[], %(method)s::text[], %(shown)s::boolean[],
            %(evidence)s::text[], %(actor)s::text[], %(source)s::text[], %(occurred_at)s::timestamptz[],
            %(recorded_at)s::timestamptz[], %(expires_on)s::date[])
ORDER BY 1
ON CONFLICT (event_id) DO NOTHING;

-- name: of_customers
-- Everything these customers said, under the key of any of their members, oldest first.
SELECT member.asked_key, said.customer_key, medium, scope, action, basis, wording, language, method, shown, evidence,
       actor, source, occurred_at, recorded_at, expires_on
FROM members_of(%(customer_keys)s) AS member JOIN consent_event AS said ON said.customer_key = member.member_key
ORDER BY occurred_at, recorded_at, event_id;

-- name: of_members
-- Everything that was said under these very keys, oldest first.
SELECT customer_key AS asked_key, customer_key, medium, scope, action, basis, wording, language, method, shown, evidence,
       actor, source, occurred_at, recorded_at, expires_on
FROM consent_event
WHERE customer_key = ANY(%(customer_keys)s)
ORDER BY occurred_at, recorded_at, event_id;
