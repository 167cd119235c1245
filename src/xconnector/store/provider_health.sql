-- name: begin
-- Begin to keep what is known of providers.
INSERT INTO provider_health (connection) SELECT unnest(%(connections)s::text[]) AS connection ORDER BY 1
ON CONFLICT DO NOTHING;

-- name: hold
-- What is known of providers, held until the transaction ends.
SELECT connection, good, slow, failed, counted_from, away_until, probing, times_away, proven, because
FROM provider_health WHERE connection = ANY(%(connections)s) ORDER BY connection FOR UPDATE;

-- name: known
-- What is known of providers.
SELECT connection, good, slow, failed, counted_from, away_until, probing, times_away, proven, because
FROM provider_health WHERE connection = ANY(%(connections)s);

-- name: keep
-- Keep what is known of one provider.
UPDATE provider_health
SET good = %(good)s, slow = %(slow)s, failed = %(failed)s, counted_from = %(counted_from)s,
    away_until = %(away_until)s, probing = %(probing)s, times_away = %(times_away)s, proven = %(proven)s,
    because = %(because)s
WHERE connection = %(connection)s;
