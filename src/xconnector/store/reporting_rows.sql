-- name: run
-- Runs by when they began.
SELECT * FROM reporting.run WHERE started_at >= %(since)s AND started_at < %(until)s ORDER BY started_at, run_id;

-- name: record
-- Records by when they came in.
SELECT * FROM reporting.record WHERE received_at >= %(since)s AND received_at < %(until)s ORDER BY received_at, record_id;

-- name: communication
-- Communications by when they were ordered.
SELECT * FROM reporting.communication
WHERE ordered_at >= %(since)s AND ordered_at < %(until)s
ORDER BY ordered_at, communication_id;

-- name: dispatch
-- Hand-overs by when they began.
SELECT * FROM reporting.dispatch
WHERE intended_at >= %(since)s AND intended_at < %(until)s
ORDER BY intended_at, dispatch_key;

-- name: delivery_event
-- Reports by when they arrived.
SELECT * FROM reporting.delivery_event
WHERE arrived_at >= %(since)s AND arrived_at < %(until)s
ORDER BY arrived_at, event_id;

-- name: suppression
-- Entries of the suppression list by when they were recorded.
SELECT * FROM reporting.suppression
WHERE recorded_at >= %(since)s AND recorded_at < %(until)s
ORDER BY recorded_at, suppression;

-- name: failure
-- Failures by when they happened.
SELECT * FROM reporting.failure WHERE failed_at >= %(since)s AND failed_at < %(until)s ORDER BY failed_at, failure_id;
