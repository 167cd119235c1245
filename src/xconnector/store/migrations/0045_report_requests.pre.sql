-- What providers send us is kept once for each request; what it says names hand-overs by the provider's own references.

CREATE TABLE report_request (
    request_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection  text NOT NULL,
    sha256      bytea NOT NULL,
    once        text,
    arrived_at  timestamptz NOT NULL,
    body        bytea NOT NULL,
    UNIQUE (connection, sha256)
);
COMMENT ON TABLE report_request IS 'requests of providers as they came; the same request again is known by its digest';
COMMENT ON COLUMN report_request.once IS 'what the provider signed in place of the body: good for one request only';
CREATE UNIQUE INDEX report_request_once ON report_request (connection, once) WHERE once IS NOT NULL;
CREATE TRIGGER report_request_is_never_rewritten BEFORE UPDATE ON report_request
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE delivery_event
    ADD COLUMN by_machine boolean NOT NULL DEFAULT false,
    ADD COLUMN request_id bigint REFERENCES report_request,
    ADD COLUMN mark bytea;
COMMENT ON COLUMN delivery_event.dispatch_key IS
    'of the hand-over; while it is not known: the id of its communication, or `<connection>/<reference>`';
COMMENT ON COLUMN delivery_event.request_id IS 'in which it came; its raw bytes stand there once';
COMMENT ON COLUMN delivery_event.mark IS 'digest of what makes it the same event told again, whoever tells it';
CREATE UNIQUE INDEX delivery_event_told_once ON delivery_event (mark) WHERE mark IS NOT NULL;
CREATE INDEX delivery_event_of_nobody ON delivery_event (dispatch_key) WHERE dispatch_key LIKE '%/%' AND NOT applied;

CREATE INDEX dispatch_of_reference ON dispatch (connection, reference) WHERE reference IS NOT NULL;
