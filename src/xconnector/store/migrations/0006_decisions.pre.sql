-- Recorded decisions: by which rows of which tables, on which facts, every delivery was decided.

CREATE TABLE policy (
    sha256   text PRIMARY KEY,
    content  json NOT NULL
);
COMMENT ON TABLE policy IS 'which tables, by their digests, stood behind which check; each policy once';

CREATE TABLE decision (
    communication_id  uuid NOT NULL,
    occasion          smallint NOT NULL,
    decided_at        timestamptz NOT NULL,
    day               date NOT NULL,
    name              text NOT NULL,
    customer_key      text NOT NULL,
    policy_sha256     text NOT NULL,
    rows              json NOT NULL,
    outcome           json NOT NULL,
    facts             json,
    facts_sha256      text NOT NULL,
    PRIMARY KEY (communication_id, occasion)
-- Facts stay in their row: to press them and put them elsewhere costs more than all the rest of a decision.
) WITH (toast_tuple_target = 4096);
COMMENT ON COLUMN decision.occasion IS '0 when it was decided first; from 1 again, before hand-overs';
COMMENT ON COLUMN decision.day IS 'as of which rows of the tables counted';
COMMENT ON COLUMN decision.rows IS '{check/table[/medium]: id of the row that answered}';
COMMENT ON COLUMN decision.facts IS 'what the tables saw: customer content, null when it was erased';
COMMENT ON COLUMN decision.facts_sha256 IS 'of the text of facts; it stays when they are erased';
CREATE INDEX decision_decided ON decision (decided_at, communication_id, occasion);

CREATE TABLE shadow_answer (
    answer_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    decided_at       timestamptz NOT NULL,
    table_name       text NOT NULL,
    shadow_sha256    text NOT NULL,
    in_force_sha256  text NOT NULL,
    in_force_row     text NOT NULL,
    shadow_row       text,
    differs          boolean NOT NULL,
    reason           text,
    number           integer NOT NULL,
    examples         uuid[] NOT NULL
);
COMMENT ON TABLE shadow_answer IS 'what tables answered that decide beside those in force, counted a batch at a time';
COMMENT ON COLUMN shadow_answer.shadow_row IS 'null where the shadow had no answer; the reason says why';
COMMENT ON COLUMN shadow_answer.differs IS 'whether the two rows say something else, by whatever name';
COMMENT ON COLUMN shadow_answer.examples IS 'some of the communications that differ';
CREATE INDEX shadow_answer_of_table ON shadow_answer (table_name, shadow_sha256);
