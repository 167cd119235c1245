-- name: remember_policies
-- Keep which tables stand behind which check, unless that is known.
INSERT INTO policy (sha256, content)
SELECT sha256, content::json FROM unnest(%(digests)s::text[], %(contents)s::text[]) AS given (sha256, content)
ON CONFLICT DO NOTHING;

-- name: policies
-- The contents of policies, by their digests.
SELECT sha256, content::text AS content FROM policy WHERE sha256 = ANY(%(digests)s);

-- name: remember
-- Append decisions.
COPY decision (communication_id, occasion, decided_at, day, name, customer_key, policy_sha256, rows, outcome, facts,
               facts_sha256) FROM STDIN;

-- name: latest
-- Of each communication the decision that was kept last, and whether there is news.
SELECT communication_id, occasion, day, policy_sha256, rows::text AS rows_text, outcome::text AS outcome_text,
       facts::text AS facts_text, facts_sha256, has_news
FROM latest_decision WHERE communication_id = ANY(%(ids)s);

-- name: with_news
-- Communications of whose customers something was said since they were decided last.
SELECT communication_id FROM latest_decision WHERE communication_id = ANY(%(ids)s) AND has_news;

-- name: of_communication
-- Everything that was decided of a communication, oldest first.
SELECT communication_id, occasion, decided_at, day, name, customer_key, policy_sha256, rows::text AS rows,
       outcome::text AS outcome, facts::text AS facts, facts_sha256
FROM decision WHERE communication_id = %(communication_id)s
ORDER BY occasion;

-- name: recorded
-- Decisions of a time, of some communications, oldest first, after the one that was read last.
SELECT communication_id, occasion, decided_at, day, name, customer_key, policy_sha256, rows::text AS rows,
       outcome::text AS outcome, facts::text AS facts, facts_sha256
FROM decision
WHERE (decided_at, communication_id, occasion) > (%(after_at)s, %(after_id)s, %(after_occasion)s)
    AND decided_at < %(until)s
    AND occasion = 0
    AND (%(names)s::text[] IS NULL OR name = ANY(%(names)s))
ORDER BY decided_at, communication_id, occasion
LIMIT %(most)s;
