-- What was asked for of kinds whose triggers say more than an event: when it begins, and why it was not made.

CREATE TABLE ask (
    communication_id  uuid PRIMARY KEY,
    batch_id          bigint NOT NULL,
    record_id         bigint NOT NULL,
    name              text NOT NULL,
    as_of             timestamptz NOT NULL,
    asked_at          timestamptz NOT NULL,
    priority          smallint NOT NULL,
    begins_at         timestamptz,
    once_key          uuid,
    order_key         uuid,
    collapse_key      uuid,
    parent_key        uuid,
    after             timestamptz,
    waits_for         text CHECK (waits_for IN ('parent', 'start', 'quiet', 'turn')),
    due_at            timestamptz,
    because           text,
    taken_into        uuid
) WITH (fillfactor = 70);
COMMENT ON TABLE ask IS 'wishes for a communication; its state stands in communication';
COMMENT ON COLUMN ask.once_key IS 'null for one that repeats what was asked before';
COMMENT ON COLUMN ask.order_key IS 'null when it has left and another of its line has begun';
COMMENT ON COLUMN ask.after IS 'when the event happened that it waited for';
COMMENT ON COLUMN ask.waits_for IS 'null when it waits no more';
COMMENT ON COLUMN ask.taken_into IS 'the communication that it became one with';
CREATE INDEX ask_once ON ask (once_key) WHERE once_key IS NOT NULL;
CREATE INDEX ask_line ON ask (order_key) WHERE order_key IS NOT NULL;
CREATE INDEX ask_group ON ask (collapse_key) WHERE waits_for = 'quiet';
CREATE INDEX ask_child ON ask (parent_key) WHERE waits_for = 'parent';
CREATE INDEX ask_turn ON ask (order_key) WHERE waits_for = 'turn';
CREATE INDEX ask_waiting ON ask (batch_id) WHERE waits_for IS NOT NULL;
CREATE INDEX ask_taken_into ON ask (taken_into) WHERE taken_into IS NOT NULL;

CREATE TABLE ask_counter (
    key               uuid NOT NULL,
    communication_id  uuid NOT NULL,
    PRIMARY KEY (key, communication_id)
);
COMMENT ON TABLE ask_counter IS 'under which keys events cancel a communication';

CREATE TABLE heard (
    key         uuid NOT NULL,
    record_id   bigint NOT NULL,
    event_type  text NOT NULL,
    source      text NOT NULL,
    source_key  text NOT NULL,
    as_of       timestamptz NOT NULL,
    heard_at    timestamptz NOT NULL,
    PRIMARY KEY (key, record_id)
);
COMMENT ON TABLE heard IS 'events that some kind waits for, or that cancel it';

CREATE TABLE counter (
    communication_id  uuid NOT NULL,
    record_id         bigint NOT NULL,
    source            text NOT NULL,
    source_key        text NOT NULL,
    event_type        text NOT NULL,
    as_of             timestamptz NOT NULL,
    heard_at          timestamptz NOT NULL,
    stood             text NOT NULL,
    stopped_at        timestamptz,
    PRIMARY KEY (communication_id, record_id)
);
COMMENT ON TABLE counter IS 'events that came to cancel a communication, and whether they did';
COMMENT ON COLUMN counter.stood IS 'the state in which it was found';
COMMENT ON COLUMN counter.stopped_at IS 'when it was cancelled for good; null where it had left, and did not come back';

CREATE TABLE held_key (
    key  uuid PRIMARY KEY
);
COMMENT ON TABLE held_key IS 'what is locked while it is judged: who judges by a key sees all that was judged by it before';
