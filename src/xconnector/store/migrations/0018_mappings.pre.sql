-- Mappings that ever made something of a record: yesterday's letter has yesterday's mapping.

CREATE TABLE mapping (
    sha256    text PRIMARY KEY,
    name      text NOT NULL,
    content   text NOT NULL,
    kept_at   timestamptz NOT NULL
);
COMMENT ON COLUMN mapping.sha256 IS 'of the content';
COMMENT ON COLUMN mapping.content IS 'the file as JSON, keys in their order';
CREATE TRIGGER mapping_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mapping
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Records of yesterday are looked for by the time at which they came; they lie in that order.
CREATE INDEX inbox_received ON inbox USING brin (received_at) WITH (autosummarize = on);
