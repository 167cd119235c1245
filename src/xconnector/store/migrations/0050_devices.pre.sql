-- Customers' devices: where push messages are shown, and the trace of how each came, moved and went.
CREATE TABLE device (
    device_id      uuid PRIMARY KEY,
    connection     text NOT NULL,
    address_sha256 text NOT NULL,
    -- Empty once the device is gone: what opens nothing any more is not kept.
    address        text NOT NULL,
    customer_key   text NOT NULL,
    app            text NOT NULL,
    registered_at  timestamptz NOT NULL,
    seen_at        timestamptz NOT NULL,
    gone_at        timestamptz,
    gone_reason    text,
    UNIQUE (connection, address_sha256),
    CHECK ((gone_at IS NULL) = (gone_reason IS NULL)),
    CHECK ((gone_at IS NULL) = (address <> ''))
);
CREATE INDEX device_of_customer ON device (customer_key, connection) WHERE gone_at IS NULL;
COMMENT ON TABLE device IS 'apps and browsers of customers; an address belongs to one customer at a time';

CREATE TABLE device_event (
    event_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id    uuid NOT NULL REFERENCES device,
    customer_key text NOT NULL,
    event        text NOT NULL CHECK (event IN ('registered', 'moved', 'gone')),
    reason       text,
    actor        text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX device_event_of_device ON device_event (device_id);
COMMENT ON TABLE device_event IS 'what became of a device; only ever added to';

CREATE TRIGGER device_event_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON device_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
