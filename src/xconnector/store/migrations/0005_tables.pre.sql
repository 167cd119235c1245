-- Decision tables that ever decided or were proposed, and what people said of them.

CREATE TABLE decision_table (
    sha256   text PRIMARY KEY,
    name     text NOT NULL,
    content  text NOT NULL,
    kept_at  timestamptz NOT NULL
);
COMMENT ON COLUMN decision_table.sha256 IS 'digest of what the table decides';
COMMENT ON COLUMN decision_table.content IS 'the whole table in its JSON form; of several with one digest, the first';
CREATE TRIGGER decision_table_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decision_table
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE table_event (
    position         bigint PRIMARY KEY,
    at               timestamptz NOT NULL,
    name             text NOT NULL,
    table_sha256     text NOT NULL REFERENCES decision_table,
    act              text NOT NULL
        CHECK (act IN ('proposed', 'approved', 'rejected', 'withdrawn', 'revoked', 'shadowed', 'unshadowed')),
    person           text NOT NULL,
    role             text,
    reason           text NOT NULL,
    effective_from   date,
    previous_sha256  text NOT NULL UNIQUE,
    sha256           text NOT NULL UNIQUE,
    CHECK ((act = 'approved') = (effective_from IS NOT NULL))
);
COMMENT ON TABLE table_event IS 'append-only ledger of decision tables';
COMMENT ON COLUMN table_event.position IS 'from 1, without gaps';
COMMENT ON COLUMN table_event.previous_sha256 IS 'of the event before: no two can follow the same one';
COMMENT ON COLUMN table_event.sha256 IS 'digest over this row and previous_sha256';
CREATE TRIGGER table_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON table_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
