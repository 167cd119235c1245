-- What tools of analysis may read: views with stable names, without customers' content, whose keys are pseudonyms.

CREATE TABLE pseudonym_secret (
    secret  text NOT NULL
);
COMMENT ON TABLE pseudonym_secret IS 'one row, hashed into every pseudonym: who knows a customer''s key cannot find its rows without it';
INSERT INTO pseudonym_secret VALUES (gen_random_uuid()::text || gen_random_uuid()::text);
CREATE TRIGGER pseudonym_secret_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pseudonym_secret
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE SCHEMA reporting;

CREATE FUNCTION reporting.strength_of(type text, by_machine boolean) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN type IN ('opened', 'clicked', 'responded') THEN CASE WHEN by_machine THEN 2 ELSE 4 END
        WHEN type IN ('delivered', 'autoreplied', 'complained', 'unsubscribed', 'resubscribed') THEN 3
        WHEN type IN ('accepted', 'sent', 'in_transit', 'out_for_delivery', 'deferred', 'bounced', 'expired') THEN 2
        ELSE 0
    END
$$;
COMMENT ON FUNCTION reporting.strength_of IS 'what one report proves by itself, as domain/evidence.py reads it';

CREATE FUNCTION reporting.evidence_word(strength integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT (ARRAY['none', 'handed over', 'accepted', 'delivered', 'opened by a person'])[strength + 1]
$$;

CREATE VIEW reporting.run AS
SELECT run_id, name AS run, feed, expected, declared, records_read, started_at, sealed_at FROM run;

CREATE VIEW reporting.record AS
SELECT inbox.record_id, batch.run_id, inbox.event_type, inbox.feed, inbox.fate, inbox.made::integer AS communications,
       inbox.received_at
FROM inbox LEFT JOIN batch USING (batch_id);

CREATE VIEW reporting.communication AS
SELECT communication.communication_id, batch.run_id, communication.record_id, communication.name AS communication,
       encode(sha256(convert_to((SELECT secret FROM pseudonym_secret) || communication.customer_key, 'UTF8')), 'hex')
           AS customer,
       communication.state,
       CASE
           WHEN communication.state IN ('completed', 'suppressed', 'failed', 'cancelled') THEN communication.state
           WHEN communication.state = 'outcome_unknown' THEN 'failed'
           ELSE 'in_progress'
       END AS standing,
       communication.hop::integer AS hop, cardinality(communication.plan) AS planned_hops,
       batch.created_at AS ordered_at, communication.moved_at
FROM communication LEFT JOIN batch USING (batch_id);

CREATE VIEW reporting.dispatch AS
SELECT dispatch.dispatch_key, dispatch.communication_id, batch.run_id, communication.name AS communication,
       dispatch.hop::integer AS hop, dispatch.connection, dispatch.state, dispatch.intended_at, dispatch.settled_at,
       reporting.evidence_word(proof.strength) AS evidence, proof.strength AS evidence_strength,
       told.accepted_at, CASE WHEN proof.strength >= 3 THEN told.delivered_at END AS delivered_at, told.opened_at,
       told.returned_at, told.returned_as, told.return_reason, told.delay_reason, told.complained_at, told.opted_out_at
FROM dispatch
LEFT JOIN communication USING (communication_id)
LEFT JOIN batch USING (batch_id)
CROSS JOIN LATERAL (
    SELECT min(occurred_at) FILTER (WHERE strength >= 2) AS accepted_at,
           min(occurred_at) FILTER (WHERE strength >= 3) AS delivered_at,
           min(occurred_at) FILTER (WHERE strength = 4) AS opened_at,
           min(occurred_at) FILTER (WHERE is_back) AS returned_at,
           (array_agg(type ORDER BY occurred_at, event_id) FILTER (WHERE is_back))[1] AS returned_as,
           (array_agg(coalesce(reason, 'other') ORDER BY occurred_at, event_id) FILTER (WHERE is_back))[1]
               AS return_reason,
           (array_agg(coalesce(reason, 'other') ORDER BY occurred_at, event_id)
               FILTER (WHERE NOT final AND type IN ('bounced', 'deferred')))[1] AS delay_reason,
           min(occurred_at) FILTER (WHERE type = 'complained') AS complained_at,
           min(occurred_at) FILTER (WHERE type = 'unsubscribed') AS opted_out_at,
           coalesce(bool_or(strength = 3), false) AS is_delivered,
           coalesce(bool_or(strength = 2), false) AS is_accepted
    FROM (
        SELECT event_id, type, reason, final, occurred_at, reporting.strength_of(type, by_machine) AS strength,
               final AND type IN ('bounced', 'rejected', 'expired', 'failed', 'cancelled') AS is_back
        FROM delivery_event
        WHERE delivery_event.dispatch_key = dispatch.dispatch_key
    ) AS report
) AS told
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN told.opened_at IS NOT NULL THEN 4
        WHEN told.is_delivered AND told.returned_at IS NULL THEN 3
        WHEN told.is_accepted THEN 2
        WHEN dispatch.state IN ('handed_over', 'undeliverable') THEN 1
        ELSE 0
    END AS strength
) AS proof;

CREATE VIEW reporting.delivery_event AS
SELECT delivery_event.event_id, dispatch.dispatch_key, dispatch.communication_id,
       coalesce(
           dispatch.connection,
           CASE WHEN delivery_event.dispatch_key LIKE '%/%' THEN split_part(delivery_event.dispatch_key, '/', 1) END
       ) AS connection,
       delivery_event.type, delivery_event.reason, delivery_event.final, delivery_event.by_machine,
       reporting.evidence_word(reporting.strength_of(delivery_event.type, delivery_event.by_machine)) AS evidence,
       delivery_event.occurred_at, delivery_event.arrived_at
FROM delivery_event LEFT JOIN dispatch USING (dispatch_key);

CREATE VIEW reporting.suppression AS
SELECT encode(sha256(convert_to((SELECT secret FROM pseudonym_secret) || event_id::text, 'UTF8')), 'hex') AS suppression,
       encode(sha256(convert_to((SELECT secret FROM pseudonym_secret) || customer_key, 'UTF8')), 'hex') AS customer,
       medium, action, reason,
       encode(sha256(convert_to((SELECT secret FROM pseudonym_secret) || address, 'UTF8')), 'hex') AS address,
       source, occurred_at, recorded_at
FROM suppression_event;

-- What lifts an entry is read as domain/suppression.py does.
CREATE VIEW reporting.suppressed_address AS
SELECT medium, reason, count(DISTINCT (customer_key, address)) AS addresses
FROM suppression_event AS stop
WHERE action = 'suppressed' AND NOT EXISTS (
    SELECT FROM suppression_event AS lift
    WHERE lift.customer_key = stop.customer_key AND lift.medium = stop.medium AND lift.action = 'lifted'
        AND lift.occurred_at <= now() AND lift.occurred_at > stop.occurred_at
        AND (lift.reason IS NULL OR lift.reason = stop.reason)
        AND (lift.address IS NULL OR lift.address = stop.address)
)
GROUP BY medium, reason;

CREATE VIEW reporting.failure AS
SELECT failure.failure_id, failure.communication_id, failure.record_id, batch.run_id, failure.stage, failure.kind,
       failure.fingerprint AS cause, failure.failed_at, failure.resolved_at
FROM failure LEFT JOIN batch USING (batch_id);
