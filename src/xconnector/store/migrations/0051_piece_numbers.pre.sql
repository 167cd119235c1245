-- Every piece that goes to a connection in bundles has a number: an envelope's barcode must not come again within weeks.
CREATE TABLE piece_number (
    connection  text PRIMARY KEY,
    next        bigint NOT NULL
);
COMMENT ON COLUMN piece_number.next IS 'the number of the next piece of this connection';

ALTER TABLE bundle ADD COLUMN first_number bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN bundle.first_number IS 'of its first piece; the others follow';
CREATE INDEX bundle_lately ON bundle (connection, created_at);
