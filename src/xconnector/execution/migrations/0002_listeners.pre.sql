-- What each worker that listens to a source says of it; whoever was not heard of for a while is gone.
CREATE TABLE listener (
    name     text        NOT NULL,
    worker   text        NOT NULL,
    state    text        NOT NULL,
    told     text        NOT NULL,
    taken    bigint      NOT NULL,
    since    timestamptz NOT NULL,
    seen_at  timestamptz NOT NULL,
    PRIMARY KEY (name, worker)
);
COMMENT ON COLUMN listener.taken IS 'what the worker took in since it began';
COMMENT ON COLUMN listener.since IS 'when it came into this state';
