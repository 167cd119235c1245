-- Several providers of one channel: what was measured of each, and with which of them an open hand-over may have arrived.
CREATE TABLE provider_health (
    connection   text        PRIMARY KEY,
    good         integer     NOT NULL DEFAULT 0,
    slow         integer     NOT NULL DEFAULT 0,
    failed       integer     NOT NULL DEFAULT 0,
    counted_from timestamptz,
    away_until   timestamptz,
    probing      boolean     NOT NULL DEFAULT false,
    times_away   integer     NOT NULL DEFAULT 0,
    proven       integer,
    because      text
);

ALTER TABLE dispatch ADD COLUMN only_at text;
COMMENT ON COLUMN dispatch.only_at IS 'where it may have arrived: it is given to no other; null where it surely did not';
UPDATE dispatch SET only_at = connection WHERE state IN ('put_off', 'dispatching');
