-- What is known of feeds: whether one is stopped, what waits for it, how its records look, and when it should speak.

CREATE TABLE feed_state (
    feed          text PRIMARY KEY,
    paused        boolean NOT NULL DEFAULT false,
    since         timestamptz NOT NULL,
    reason        text,
    actor         text,
    accepted      boolean NOT NULL DEFAULT false,
    shape         json,
    difference    json,
    counts_from   timestamptz,
    due_at        timestamptz
);
COMMENT ON COLUMN feed_state.since IS 'when it was stopped, or let go on';
COMMENT ON COLUMN feed_state.actor IS 'who stopped it or let it go on; null where its contract did';
COMMENT ON COLUMN feed_state.shape IS 'paths, kinds and counts of its records when all was well: no values';
COMMENT ON COLUMN feed_state.difference IS 'what was otherwise in the records that stopped it, or lately without doing so';
COMMENT ON COLUMN feed_state.counts_from IS 'what it says from then on counts for the moment at which it is expected';
COMMENT ON COLUMN feed_state.due_at IS 'by when it is expected to speak';

CREATE TABLE held_batch (
    feed      text NOT NULL,
    batch_id  bigint NOT NULL REFERENCES batch,
    held_at   timestamptz NOT NULL,
    PRIMARY KEY (feed, batch_id)
);
COMMENT ON TABLE held_batch IS 'batches with records of a stopped feed, of which nothing was asked yet';

CREATE TABLE feed_event (
    event_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    feed      text NOT NULL,
    at        timestamptz NOT NULL,
    event     text NOT NULL,
    actor     text,
    detail    json
);
CREATE INDEX feed_event_of_feed ON feed_event (feed, event_id DESC);
CREATE TRIGGER feed_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A feed can fail too: of no batch, and by a moment at which it was expected.
ALTER TABLE failure ADD COLUMN feed text, ADD COLUMN due_at timestamptz;
ALTER TABLE failure ALTER COLUMN batch_id DROP NOT NULL;
ALTER TABLE failure DROP CONSTRAINT failure_check;
ALTER TABLE failure ADD CHECK (num_nonnulls(communication_id, record_id, feed) = 1);
ALTER TABLE failure ADD CHECK ((batch_id IS NULL) = (feed IS NOT NULL));
-- One failure for each moment that a feed missed, whoever notices it and however often.
CREATE UNIQUE INDEX failure_of_feed ON failure (feed, stage, due_at) WHERE feed IS NOT NULL;

CREATE INDEX inbox_of_feed ON inbox (feed, received_at) WHERE feed IS NOT NULL;
