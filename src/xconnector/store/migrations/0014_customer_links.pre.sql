-- Which members are one customer. What sources say stays with its member: a link adds, and takes nothing away.

CREATE TABLE customer_link_event (
    event_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    action      text NOT NULL CHECK (action IN ('linked', 'unlinked', 'apart')),
    first_key   text NOT NULL,
    second_key  text NOT NULL,
    basis       text NOT NULL,
    actor       text NOT NULL,
    reason      text,
    CHECK (first_key COLLATE "C" < second_key COLLATE "C")
);
COMMENT ON TABLE customer_link_event IS 'what was said of two members; the latest word on a pair counts';
COMMENT ON COLUMN customer_link_event.action IS
    'linked: one customer; unlinked: the link ended and nothing is said; apart: two customers, never to be linked by rule';
COMMENT ON COLUMN customer_link_event.basis IS 'the rule that linked them, or steward';
CREATE INDEX customer_link_event_of_pair ON customer_link_event (first_key, second_key, event_id DESC);
CREATE INDEX customer_link_event_of_second ON customer_link_event (second_key);
CREATE INDEX customer_link_event_apart ON customer_link_event (first_key, second_key) WHERE action = 'apart';

-- Rows go only when their customer is erased.
CREATE TRIGGER customer_link_event_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON customer_link_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE TABLE customer_link (
    member_key    text PRIMARY KEY,
    customer_key  text NOT NULL,
    known_since   timestamptz NOT NULL,
    since         timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE customer_link IS
    'derived from the events: the customer of every member that was ever linked; a member without a row is its own';
COMMENT ON COLUMN customer_link.known_since IS
    'when a source first spoke of the member, as known when it was first linked: who was a customer first gives the key';
COMMENT ON COLUMN customer_link.since IS 'when the member came to this customer';
COMMENT ON COLUMN customer_link.changed_at IS 'when members came to this customer or left it';
CREATE INDEX customer_link_of_customer ON customer_link (customer_key);

CREATE FUNCTION members_of(asked text[]) RETURNS TABLE (asked_key text, customer_key text, member_key text)
LANGUAGE sql STABLE AS $$
    SELECT one.key, coalesce(own.customer_key, one.key), coalesce(member.member_key, one.key)
    FROM unnest(asked) AS one (key)
    LEFT JOIN customer_link AS own ON own.member_key = one.key
    LEFT JOIN customer_link AS member ON member.customer_key = own.customer_key
$$;
COMMENT ON FUNCTION members_of IS 'every member of the customers to whom these keys belong; a key without links is its own';

CREATE TABLE customer_match (
    match_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    first_key    text NOT NULL,
    second_key   text NOT NULL,
    basis        text NOT NULL,
    differ       text[] NOT NULL,
    probability  double precision,
    weights      json,
    found_at     timestamptz NOT NULL,
    decision     text CHECK (decision IN ('accepted', 'rejected')),
    decided_by   text,
    decided_at   timestamptz,
    reason       text,
    UNIQUE (first_key, second_key),
    CHECK (first_key COLLATE "C" < second_key COLLATE "C")
);
COMMENT ON TABLE customer_match IS 'pairs that may be one customer and that a person decides about; each is proposed once';
COMMENT ON COLUMN customer_match.basis IS 'the rule under which both have the same key, or probable';
COMMENT ON COLUMN customer_match.differ IS 'fields in which they, or others that the rule would have merged with them, differ';
COMMENT ON COLUMN customer_match.weights IS 'of a probable match: by field what it adds to the weight of the match, in bits';
CREATE INDEX customer_match_open ON customer_match (match_id) WHERE decision IS NULL;

-- What is said of any member is news of the customer, and so is a member that comes or goes.
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
       AS has_news
FROM decision
ORDER BY communication_id, occasion DESC;
