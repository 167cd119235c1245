-- A wait is a row with a due time: what it waits for ends it, or its time comes.
CREATE TABLE wait (
    wait_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    due_at     timestamptz NOT NULL,
    stage      text        NOT NULL,
    payload    jsonb       NOT NULL,
    priority   integer     NOT NULL,
    key        text        UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX wait_due_at ON wait (due_at);

-- How many calls a connection may still make now; below zero, calls that are promised for later.
CREATE TABLE rate_allowance (
    connection  text             PRIMARY KEY,
    calls       double precision NOT NULL,
    counted_at  timestamptz      NOT NULL
);

-- Outages in a row of a connection's outside system, and until when it is left alone; every worker sees the same.
CREATE TABLE circuit (
    connection text        PRIMARY KEY,
    outages    integer     NOT NULL,
    open_until timestamptz
);
