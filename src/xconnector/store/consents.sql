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
-- Everything these customers said, oldest first.
SELECT customer_key, medium, scope, action, basis, wording, language, method, shown, evidence, actor, source,
       occurred_at, recorded_at, expires_on
FROM consent_event
WHERE customer_key = ANY(%(customer_keys)s)
ORDER BY customer_key, occurred_at, recorded_at, event_id;
