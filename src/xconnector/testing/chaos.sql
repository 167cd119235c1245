-- name: dispatch_states
-- What every hand-over counts as.
SELECT dispatch_key, state FROM dispatch;

-- name: not_ended
-- Communications outside every end state.
SELECT count(*) FROM communication WHERE NOT (state = ANY(%(ends)s));

-- name: any_record
-- Whether any record is in.
SELECT true FROM inbox LIMIT 1;
