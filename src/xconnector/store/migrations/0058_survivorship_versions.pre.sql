-- Tables of survivorship that ever decided: yesterday's letter has yesterday's golden record.

CREATE TABLE survivorship_version (
    position     bigint PRIMARY KEY,
    sha256       text NOT NULL,
    content      text NOT NULL,
    known_since  timestamptz NOT NULL
);
COMMENT ON TABLE survivorship_version IS 'a row whenever another table of survivorship decides than before; the last one counts';
COMMENT ON COLUMN survivorship_version.position IS 'from 1, without gaps';
COMMENT ON COLUMN survivorship_version.content IS 'the rows of the compiled table as JSON; empty where a project has none';
COMMENT ON COLUMN survivorship_version.known_since IS 'from when on it decided; it never falls';
CREATE TRIGGER survivorship_version_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON survivorship_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
