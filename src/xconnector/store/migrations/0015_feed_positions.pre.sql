-- How far each feed has read of a source that is asked, and which files of a drop it has.

CREATE TABLE feed_position (
    feed           text PRIMARY KEY,
    position       text,
    asked_at       timestamptz NOT NULL,
    moved_at       timestamptz,
    trouble        text,
    trouble_since  timestamptz
) WITH (fillfactor = 70);
COMMENT ON COLUMN feed_position.position IS 'as the source gave it; written in the transaction that took in what lies before it';
COMMENT ON COLUMN feed_position.asked_at IS 'when the source was last asked, or its drop last looked at';
COMMENT ON COLUMN feed_position.moved_at IS 'when it last gave something new';
COMMENT ON COLUMN feed_position.trouble IS 'what kept the feed from being read when it was last asked; null where all was well';

CREATE TABLE dropped_file (
    claimant    text PRIMARY KEY,
    feed        text NOT NULL,
    connection  text NOT NULL,
    name        text NOT NULL,
    size        bigint NOT NULL,
    state       text NOT NULL CHECK (state IN ('claimed', 'taken', 'repeated', 'failed', 'gone')),
    attempts    smallint NOT NULL DEFAULT 0,
    sha256      text,
    run_id      uuid REFERENCES run,
    reason      text,
    claimed_at  timestamptz NOT NULL,
    put_away_at timestamptz
);
COMMENT ON COLUMN dropped_file.claimant IS 'stands in the path of the file while it is claimed';
COMMENT ON COLUMN dropped_file.put_away_at IS 'when it lay in done or failed; null while somebody has to see to it';
CREATE INDEX dropped_file_open ON dropped_file (feed, claimed_at) WHERE put_away_at IS NULL;
CREATE INDEX dropped_file_of_feed ON dropped_file (feed, claimed_at DESC);
CREATE INDEX run_of_file ON run (feed, file_sha256);
