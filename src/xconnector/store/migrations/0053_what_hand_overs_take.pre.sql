-- What a hand-over takes, as the channel says: pieces of a text message, and money.
ALTER TABLE dispatch
    ADD COLUMN segments integer,
    ADD COLUMN price numeric,
    ADD COLUMN currency text,
    ADD CHECK ((price IS NULL) = (currency IS NULL));
COMMENT ON COLUMN dispatch.segments IS 'of a text message, into how many pieces it was cut, where the channel says so';
COMMENT ON COLUMN dispatch.price IS 'where the channel says so';
