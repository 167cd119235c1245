-- A load that cannot go on says why; and each load which fields it gave that nobody knows.

ALTER TABLE customer_load ADD COLUMN failure text;
COMMENT ON COLUMN customer_load.failure IS 'why it was given up before the end of its file; null where it was not';

CREATE TABLE customer_load_unknown_field (
    load_id  uuid NOT NULL REFERENCES customer_load ON DELETE CASCADE,
    field    text NOT NULL,
    records  bigint NOT NULL,
    PRIMARY KEY (load_id, field)
);
COMMENT ON TABLE customer_load_unknown_field IS 'fields that the project does not know; what they say is kept all the same';
