-- Source systems are told what became of their communications: of the ledger's entries, each once at least, in order.

-- Transactions end in another order than they begin. Below the oldest that still runs, nothing is added any more.
ALTER TABLE ledger ADD COLUMN written_by bigint;
ALTER TABLE ledger ALTER COLUMN written_by SET DEFAULT pg_current_xact_id()::text::bigint;
COMMENT ON COLUMN ledger.written_by IS 'the transaction that wrote it; null for what was written before anybody was told';
CREATE INDEX ledger_told ON ledger (written_by)
    WHERE state IN ('dispatched', 'completed', 'suppressed', 'failed', 'outcome_unknown', 'cancelled')
        OR event IN ('rerouted', 'withdrawn') OR event LIKE 'reported %';
CREATE INDEX ledger_at ON ledger USING brin (at);

CREATE TABLE write_back_target (
    target         text PRIMARY KEY,
    began_at       timestamptz NOT NULL,
    begins         bigint NOT NULL,
    position       bigint NOT NULL,
    trouble        text,
    trouble_since  timestamptz,
    retry_at       timestamptz
);
COMMENT ON COLUMN write_back_target.begins IS 'the first transaction of which it is told';
COMMENT ON COLUMN write_back_target.position IS 'the first transaction that was not looked at yet';

CREATE TABLE write_back (
    target            text NOT NULL,
    communication_id  uuid NOT NULL,
    told              bigint NOT NULL DEFAULT 0,
    due_at            timestamptz,
    attempts          smallint NOT NULL DEFAULT 0,
    PRIMARY KEY (target, communication_id)
) WITH (fillfactor = 70);
COMMENT ON COLUMN write_back.told IS 'the last entry of the ledger that the target has';
COMMENT ON COLUMN write_back.due_at IS 'from when on it is told what is behind that; null when nothing is';
CREATE INDEX write_back_due ON write_back (target, due_at, communication_id) WHERE due_at IS NOT NULL;

CREATE TABLE write_back_refused (
    target            text NOT NULL,
    entry_id          bigint NOT NULL,
    communication_id  uuid NOT NULL,
    reason            text NOT NULL,
    refused_at        timestamptz NOT NULL,
    PRIMARY KEY (target, entry_id)
);

CREATE TABLE write_back_day (
    target   text NOT NULL,
    day      date NOT NULL,
    told_at  timestamptz NOT NULL,
    PRIMARY KEY (target, day)
);
COMMENT ON TABLE write_back_day IS 'the days of which a target was told how much happened, for it to compare';
