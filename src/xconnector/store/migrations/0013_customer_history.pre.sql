-- What sources said of customers before, what of it was known when, and the loads of files in which it came.

-- With the present statements this is all that a source ever said, in the order in which it came. Nothing stands here of a
-- customer of whom a source spoke once.
CREATE TABLE customer_record_past (
    customer_key  text NOT NULL,
    source        text NOT NULL,
    past_id       bigint GENERATED ALWAYS AS IDENTITY,
    statements    json NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (customer_key, source, past_id)
);
COMMENT ON COLUMN customer_record_past.statements IS 'as the source said them, in the order in which they came';
COMMENT ON COLUMN customer_record_past.recorded_at IS 'from when on they were known; it never falls within a customer and source';

-- Rows go only when their customer is erased.
CREATE TRIGGER customer_record_past_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON customer_record_past
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

ALTER TABLE customer_record ADD COLUMN is_said boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN customer_record.is_said IS
    'the statements are what the source said last, word for word; else they sum up what stands in customer_record_past';

CREATE TABLE customer_load (
    load_id      uuid PRIMARY KEY,
    source       text NOT NULL,
    feed         text NOT NULL,
    file_name    text NOT NULL,
    file_sha256  text NOT NULL,
    as_of        timestamptz NOT NULL,
    is_full      boolean NOT NULL,
    declared     bigint,
    records      bigint NOT NULL DEFAULT 0,
    kept         bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    set_aside    bigint NOT NULL DEFAULT 0,
    retracted    bigint NOT NULL DEFAULT 0,
    started_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    CHECK (records = kept + unchanged + set_aside)
);
COMMENT ON COLUMN customer_load.feed IS 'that read the file; empty where none did';
COMMENT ON COLUMN customer_load.as_of IS 'of every record that does not say it itself';
COMMENT ON COLUMN customer_load.declared IS 'records that the maker of the file declared';
COMMENT ON COLUMN customer_load.records IS 'read so far: where a load that was interrupted goes on';
COMMENT ON COLUMN customer_load.retracted IS 'customers that a full file did not hold any more';
CREATE UNIQUE INDEX customer_load_under_way ON customer_load (source, feed, file_sha256) WHERE ended_at IS NULL;
CREATE INDEX customer_load_by_time ON customer_load (started_at DESC, load_id);

CREATE TABLE customer_load_reject (
    load_id   uuid NOT NULL REFERENCES customer_load ON DELETE CASCADE,
    position  bigint NOT NULL,
    line      bigint NOT NULL,
    reason    text NOT NULL,
    payload   bytea NOT NULL,
    PRIMARY KEY (load_id, position)
);
COMMENT ON COLUMN customer_load_reject.position IS 'among the records of the file, from 1';
COMMENT ON COLUMN customer_load_reject.payload IS 'the record as it came; of one that is too long, its beginning';
