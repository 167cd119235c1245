-- Which change of each row of a source was the latest in the order of its log: an older one never overwrites it.

CREATE TABLE change_position (
    source   text NOT NULL,
    row_key  text NOT NULL,
    place    numeric,
    as_of    timestamptz NOT NULL,
    PRIMARY KEY (source, row_key)
) WITH (fillfactor = 70);
COMMENT ON COLUMN change_position.place IS 'in the order of the source''s log; null where it tells none, and its clock has to do';
COMMENT ON COLUMN change_position.as_of IS 'as of when the latest change speaks; always later than the change before it';
