-- Whether anything was said of a customer since a communication was decided last.

-- What was recorded shortly before a decision may have been committed after it, or by a clock that is behind: it counts as
-- news too. What came with the decision itself is of the very same moment.
CREATE VIEW latest_decision AS
SELECT DISTINCT ON (communication_id) communication_id, occasion, day, policy_sha256, rows, outcome, facts, facts_sha256,
       EXISTS (SELECT FROM customer_record AS said
               WHERE said.customer_key = decision.customer_key AND said.recorded_at <> decision.decided_at
                   AND said.recorded_at > decision.decided_at - interval '10 minutes')
       OR EXISTS (SELECT FROM consent_event AS said
                  WHERE said.customer_key = decision.customer_key
                      AND said.recorded_at > decision.decided_at - interval '10 minutes')
       OR EXISTS (SELECT FROM suppression_event AS said
                  WHERE said.customer_key = decision.customer_key
                      AND said.recorded_at > decision.decided_at - interval '10 minutes') AS has_news
FROM decision
ORDER BY communication_id, occasion DESC;
COMMENT ON COLUMN latest_decision.has_news IS 'what is decided again may come to something else';
