-- What composers make as jobs of their own: which orders went into which submission, and what became of it.

CREATE TABLE submission (
    submission_key  text PRIMARY KEY,
    connection      text NOT NULL,
    template        text NOT NULL,
    run_id          uuid REFERENCES run,
    state           text NOT NULL
        CHECK (state IN ('gathered', 'submitting', 'submitted', 'ended', 'refused', 'unknown', 'stuck')),
    orders          integer NOT NULL,
    repeats         text REFERENCES submission,
    attempts        smallint NOT NULL DEFAULT 0,
    reference       text,
    detail          json,
    said            text,
    composed        integer,
    left_out        integer,
    unasked         integer,
    created_at      timestamptz NOT NULL,
    submitted_at    timestamptz,
    ended_at        timestamptz
);
COMMENT ON COLUMN submission.repeats IS 'the earlier submission in which all of its orders stood';
COMMENT ON COLUMN submission.reference IS 'by which the composer finds its job again';
COMMENT ON COLUMN submission.said IS 'how far it is, or why that is not known, as of the last look';
COMMENT ON COLUMN submission.left_out IS 'orders that no result named';
COMMENT ON COLUMN submission.unasked IS 'results that named none of its orders';
CREATE INDEX submission_under_way ON submission (created_at)
    WHERE state IN ('gathered', 'submitting', 'submitted', 'unknown', 'stuck');
CREATE INDEX submission_of_run ON submission (run_id, created_at) WHERE run_id IS NOT NULL;

CREATE TABLE submission_job (
    connection      text NOT NULL,
    job             text NOT NULL,
    submission_key  text NOT NULL REFERENCES submission,
    PRIMARY KEY (connection, job)
);
COMMENT ON TABLE submission_job IS 'the composer''s own jobs: each belongs to one submission alone';

CREATE TABLE submission_order (
    order_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    communication_id  uuid NOT NULL,
    connection        text NOT NULL,
    template          text NOT NULL,
    run_id            uuid,
    key               text,
    submission_key    text REFERENCES submission,
    position          integer
);
COMMENT ON COLUMN submission_order.key IS 'by which the composer names its result; null where results come by position';
COMMENT ON COLUMN submission_order.submission_key IS 'null while it waits for one';
COMMENT ON COLUMN submission_order.position IS 'counted from 1';
CREATE INDEX submission_order_waiting ON submission_order (connection, template, run_id) WHERE submission_key IS NULL;
CREATE INDEX submission_order_of_submission ON submission_order (submission_key, position)
    WHERE submission_key IS NOT NULL;
CREATE INDEX submission_order_of_key ON submission_order (submission_key, key) WHERE key IS NOT NULL;
CREATE INDEX submission_order_of_communication ON submission_order (communication_id, order_id);
