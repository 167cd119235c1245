-- name: pass_circuit
-- Gives the time until which a connection is left alone, or nothing when a call may be made. After an outage's end one
-- caller gets through to see, and the circuit stays open for the others meanwhile.
WITH probe AS (
    UPDATE circuit SET open_until = now() + %(stays_open)s
    WHERE connection = %(connection)s AND open_until <= now()
    RETURNING connection
)
SELECT greatest(open_until, now() + interval '1 second') FROM circuit
WHERE connection = %(connection)s AND open_until IS NOT NULL AND NOT EXISTS (SELECT FROM probe);

-- name: count_outage
-- One more outage in a row; when there are enough, the circuit opens.
INSERT INTO circuit AS known (connection, outages, open_until)
VALUES (
    %(connection)s, 1, CASE WHEN %(opens_after)s <= 1 THEN now() + %(stays_open)s END
)
ON CONFLICT (connection) DO UPDATE
SET outages = known.outages + 1,
    open_until = CASE WHEN known.outages + 1 >= %(opens_after)s THEN now() + %(stays_open)s END
RETURNING outages;

-- name: close_circuit
-- The outside system answered: what was counted is forgotten.
DELETE FROM circuit WHERE connection = %(connection)s RETURNING connection;

-- name: take_turn
-- Takes calls out of a connection's allowance, which fills at its rate up to the burst. Gives the seconds to wait
-- before they may be made, and whether they were taken: not when that is longer than the caller's patience.
WITH allowed AS (
    INSERT INTO rate_allowance AS known (connection, calls, counted_at)
    VALUES (%(connection)s, %(burst)s - %(calls)s, clock_timestamp())
    ON CONFLICT (connection) DO UPDATE
    SET calls = least(
            %(burst)s, known.calls + %(rate)s * extract(epoch FROM clock_timestamp() - known.counted_at)
        ) - %(calls)s,
        counted_at = clock_timestamp()
    WHERE known.calls + %(rate)s * extract(epoch FROM clock_timestamp() - known.counted_at) - %(calls)s
        >= -%(rate)s * %(patience)s
    RETURNING calls
)
SELECT greatest(0, -calls / %(rate)s), true FROM allowed
UNION ALL
SELECT
    greatest(
        0,
        (%(calls)s - calls) / %(rate)s - extract(epoch FROM clock_timestamp() - counted_at) - %(patience)s
    ),
    false
FROM rate_allowance
WHERE connection = %(connection)s AND NOT EXISTS (SELECT FROM allowed);
