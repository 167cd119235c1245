-- What stands aside or was refused, and is sent again, comes home to its row and its failure: it is counted, not doubled.

CREATE TABLE came_again (
    record_id  bigint PRIMARY KEY,
    times      integer NOT NULL,
    last_at    timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE came_again IS 'how often a record that stands aside or was refused came again with the same bytes';
