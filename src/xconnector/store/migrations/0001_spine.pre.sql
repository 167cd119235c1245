-- What xConnector remembers of every communication, from source record to archived proof.

CREATE TABLE run (
    run_id          uuid PRIMARY KEY,
    name            text NOT NULL UNIQUE,
    feed            text NOT NULL,
    file_name       text NOT NULL,
    file_sha256     text NOT NULL,
    project_sha256  text NOT NULL,
    expected        integer NOT NULL,
    declared        integer,
    records_read    integer,
    started_at      timestamptz NOT NULL,
    sealed_at       timestamptz
);
COMMENT ON COLUMN run.expected IS 'records counted in the file before the first was taken';
COMMENT ON COLUMN run.declared IS 'records announced by the source in its control totals; null where it announces none';
COMMENT ON COLUMN run.sealed_at IS 'when the last record was read; null while the run still takes records';

CREATE TABLE batch (
    batch_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id      uuid REFERENCES run,
    priority    smallint NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX batch_of_run ON batch (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX batch_created ON batch (created_at);

CREATE TABLE inbox (
    record_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id     bigint NOT NULL REFERENCES batch,
    source       text NOT NULL,
    source_key   text,
    fate         text NOT NULL CHECK (fate IN ('taken', 'repeated', 'refused', 'set_aside')),
    event_type   text NOT NULL,
    occurred_at  timestamptz,
    sha256       text NOT NULL,
    payload      bytea,
    data         json,
    feed         text,
    position     bigint,
    reason       text,
    made         smallint,
    received_at  timestamptz NOT NULL
);
COMMENT ON COLUMN inbox.payload IS 'the original bytes; null for a repeated record, whose first copy has them';
COMMENT ON COLUMN inbox.made IS 'how many communications the record asked for; null until that is known';
CREATE UNIQUE INDEX inbox_taken_once ON inbox (source, source_key) WHERE fate = 'taken';
CREATE INDEX inbox_of_batch ON inbox (batch_id);
CREATE INDEX inbox_source_key ON inbox (source_key) WHERE fate = 'taken';

CREATE TABLE customer_record (
    customer_key  text NOT NULL,
    source        text NOT NULL,
    statements    json NOT NULL,
    recorded_at   timestamptz NOT NULL,
    PRIMARY KEY (customer_key, source)
) WITH (fillfactor = 70);
COMMENT ON COLUMN customer_record.statements IS '[{as_of, fields}]: each field once, as of when the source last spoke of it';

CREATE TABLE communication (
    communication_id  uuid PRIMARY KEY,
    batch_id          bigint NOT NULL REFERENCES batch,
    record_id         bigint NOT NULL,
    name              text NOT NULL,
    customer_key      text NOT NULL,
    state             text NOT NULL,
    hop               smallint NOT NULL DEFAULT 0,
    plan              text[] NOT NULL DEFAULT '{}',
    attempts          smallint NOT NULL DEFAULT 0,
    retry_at          timestamptz,
    document_sha256   text,
    moved_at          timestamptz NOT NULL,
    UNIQUE (record_id, name)
) WITH (fillfactor = 70);
COMMENT ON COLUMN communication.hop IS 'index into plan, from 0; one past its end when the plan is used up';
COMMENT ON COLUMN communication.retry_at IS 'the present stage leaves it alone until then';
COMMENT ON COLUMN communication.attempts IS 'how often the present stage has been tried and put off';
CREATE INDEX communication_of_batch ON communication (batch_id);
CREATE INDEX communication_of_customer ON communication (customer_key, communication_id DESC);

CREATE TABLE assembly (
    communication_id  uuid PRIMARY KEY,
    title             text NOT NULL,
    language          text NOT NULL,
    issued_at         timestamptz NOT NULL,
    recipient         json NOT NULL,
    sort_key          text NOT NULL,
    data              json NOT NULL,
    review_role       text,
    project_sha256    text NOT NULL
);
COMMENT ON TABLE assembly IS 'the frozen snapshot a communication is made of: it never changes after it was decided';

CREATE TABLE rendition (
    communication_id  uuid NOT NULL,
    kind              text NOT NULL,
    sha256            text NOT NULL,
    pages             integer,
    pack              text NOT NULL,
    pack_offset       bigint NOT NULL,
    pack_length       bigint NOT NULL,
    engine            text NOT NULL,
    PRIMARY KEY (communication_id, kind)
);

CREATE TABLE archive_record (
    communication_id  uuid NOT NULL,
    kind              text NOT NULL,
    sha256            text NOT NULL,
    connection        text NOT NULL,
    address           text NOT NULL,
    record_class      text NOT NULL,
    retain_until      date NOT NULL,
    archived_at       timestamptz NOT NULL,
    PRIMARY KEY (communication_id, kind)
);

CREATE TABLE review (
    communication_id  uuid PRIMARY KEY,
    role              text NOT NULL,
    document_sha256   text NOT NULL,
    requested_at      timestamptz NOT NULL,
    decision          text CHECK (decision IN ('approved', 'rejected')),
    person            text,
    reason            text,
    decided_at        timestamptz
);
CREATE INDEX review_open ON review (role, requested_at) WHERE decision IS NULL;

CREATE TABLE bundle (
    bundle_key   text PRIMARY KEY,
    connection   text NOT NULL,
    run_id       uuid REFERENCES run,
    pieces       integer NOT NULL,
    state        text NOT NULL CHECK (state IN ('collected', 'dispatching', 'dispatched', 'given_up')),
    attempts     smallint NOT NULL DEFAULT 0,
    reference    text,
    created_at   timestamptz NOT NULL
);

CREATE TABLE dispatch (
    dispatch_key      text PRIMARY KEY,
    communication_id  uuid NOT NULL,
    hop               smallint NOT NULL,
    connection        text NOT NULL,
    bundle_key        text REFERENCES bundle,
    bundle_position   integer,
    state             text NOT NULL
        CHECK (state IN ('collected', 'dispatching', 'put_off', 'handed_over', 'refused', 'outcome_unknown', 'given_up',
                         'undeliverable')),
    reference         text,
    intended_at       timestamptz NOT NULL,
    settled_at        timestamptz
) WITH (fillfactor = 70);
CREATE INDEX dispatch_of_communication ON dispatch (communication_id);
CREATE INDEX dispatch_of_bundle ON dispatch (bundle_key, bundle_position) WHERE bundle_key IS NOT NULL;
CREATE INDEX dispatch_uncollected ON dispatch (connection, intended_at) WHERE state = 'collected' AND bundle_key IS NULL;

CREATE TABLE delivery_event (
    event_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dispatch_key  text NOT NULL,
    type          text NOT NULL,
    reason        text,
    detail        text NOT NULL,
    final         boolean NOT NULL,
    occurred_at   timestamptz NOT NULL,
    arrived_at    timestamptz NOT NULL,
    raw           bytea NOT NULL,
    applied       boolean NOT NULL DEFAULT false,
    UNIQUE (dispatch_key, type, occurred_at, detail)
);

CREATE TABLE failure (
    failure_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    communication_id  uuid,
    record_id         bigint,
    batch_id          bigint NOT NULL,
    stage             text NOT NULL,
    kind              text NOT NULL,
    reason            text NOT NULL,
    fingerprint       text NOT NULL,
    failed_at         timestamptz NOT NULL,
    resolved_at       timestamptz,
    resolution        text,
    CHECK ((communication_id IS NULL) <> (record_id IS NULL))
);
CREATE INDEX failure_open ON failure (fingerprint, failure_id) WHERE resolved_at IS NULL;
CREATE INDEX failure_of_record ON failure (record_id) WHERE record_id IS NOT NULL;
CREATE INDEX failure_of_communication ON failure (communication_id) WHERE communication_id IS NOT NULL;

CREATE TABLE ledger (
    entry_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at                timestamptz NOT NULL,
    batch_id          bigint NOT NULL,
    record_id         bigint,
    communication_id  uuid,
    event             text NOT NULL,
    state             text,
    actor             text,
    detail            json
);
COMMENT ON TABLE ledger IS 'append-only history; state is set where the entry moved the communication';
CREATE INDEX ledger_of_communication ON ledger (communication_id) WHERE communication_id IS NOT NULL;
CREATE INDEX ledger_of_batch ON ledger (batch_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % is refused', lower(TG_OP);
END $$;
CREATE TRIGGER ledger_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE portal_document (
    dispatch_key      text PRIMARY KEY,
    communication_id  uuid NOT NULL,
    communication     text NOT NULL,
    customer_key      text NOT NULL,
    title             text NOT NULL,
    language          text NOT NULL,
    sha256            text NOT NULL,
    pack              text NOT NULL,
    pack_offset       bigint NOT NULL,
    pack_length       bigint NOT NULL,
    published_at      timestamptz NOT NULL
);
CREATE INDEX portal_document_of_customer ON portal_document (customer_key, published_at DESC);

CREATE TABLE api_key (
    name        text PRIMARY KEY,
    sha256      text NOT NULL UNIQUE,
    purpose     text NOT NULL,
    created_at  timestamptz NOT NULL,
    revoked_at  timestamptz
);
COMMENT ON COLUMN api_key.sha256 IS 'digest of a 256-bit random key: the key itself is nowhere';
