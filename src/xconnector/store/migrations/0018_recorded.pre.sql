-- Mappings that ever made something of a record: yesterday's letter has yesterday's mapping; and records that are replayed.

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

ALTER TABLE inbox ADD COLUMN asked_again_at timestamptz;
COMMENT ON COLUMN inbox.asked_again_at IS 'when a replay let it be asked once more what it asks for; null where none did';
