-- What people say of a customer's field is news as much as what sources say of it, and so is its end.

CREATE FUNCTION is_overridden_since(asked_key text, moment timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM members_of(ARRAY[asked_key]) AS member
        JOIN customer_override AS said ON said.customer_key = member.member_key
        WHERE said.recorded_at > moment OR (said.until > moment AND said.until <= now())
    )
$$;
COMMENT ON FUNCTION is_overridden_since IS 'whether an override of the customer to whom the key belongs was said or ended';

CREATE OR REPLACE VIEW latest_decision AS
SELECT DISTINCT ON (communication_id) communication_id, occasion, day, policy_sha256, rows, outcome, facts, facts_sha256,
       EXISTS (SELECT FROM customer_record AS said
               WHERE said.customer_key = decision.customer_key AND said.recorded_at <> decision.decided_at
                   AND said.recorded_at > decision.decided_at - interval '10 minutes')
       OR EXISTS (SELECT FROM consent_event AS said
                  WHERE said.customer_key = decision.customer_key
                      AND said.recorded_at > decision.decided_at - interval '10 minutes')
       OR EXISTS (SELECT FROM suppression_event AS said
                  WHERE said.customer_key = decision.customer_key
                      AND said.recorded_at > decision.decided_at - interval '10 minutes')
       OR EXISTS (SELECT FROM customer_link AS own
                  WHERE own.member_key = decision.customer_key
                      AND (own.changed_at > decision.decided_at - interval '10 minutes'
                           OR EXISTS (SELECT FROM customer_link AS member
                                      WHERE member.customer_key = own.customer_key AND (
                                          EXISTS (SELECT FROM customer_record AS said
                                                  WHERE said.customer_key = member.member_key
                                                      AND said.recorded_at <> decision.decided_at
                                                      AND said.recorded_at > decision.decided_at - interval '10 minutes')
                                          OR EXISTS (SELECT FROM consent_event AS said
                                                     WHERE said.customer_key = member.member_key
                                                         AND said.recorded_at > decision.decided_at - interval '10 minutes')
                                          OR EXISTS (SELECT FROM suppression_event AS said
                                                     WHERE said.customer_key = member.member_key
                                                         AND said.recorded_at > decision.decided_at
                                                             - interval '10 minutes')))))
       OR is_overridden_since(decision.customer_key, decision.decided_at - interval '10 minutes') AS has_news
FROM decision
ORDER BY communication_id, occasion DESC;
