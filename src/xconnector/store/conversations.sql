-- name: hand_overs_to
-- The latest hand-over by a connection to each customer who was written to at a number, the latest of all first.
SELECT place, dispatch_key
FROM (
    SELECT DISTINCT ON (given.place, communication.customer_key)
           given.place, dispatch.dispatch_key, dispatch.intended_at
    FROM unnest(%(connections)s::text[], %(numbers)s::text[]) WITH ORDINALITY AS given (connection, number, place)
    JOIN assembly ON assembly.recipient ->> 'mobile' = given.number
    JOIN dispatch ON dispatch.communication_id = assembly.communication_id AND dispatch.connection = given.connection
        AND dispatch.state IN ('dispatching', 'handed_over', 'outcome_unknown', 'undeliverable', 'withdrawn')
    JOIN communication ON communication.communication_id = dispatch.communication_id
    ORDER BY given.place, communication.customer_key, dispatch.intended_at DESC, dispatch.dispatch_key
) AS latest
ORDER BY place, intended_at DESC, dispatch_key;
