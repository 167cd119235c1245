-- What customers said yes and no to, and what is known not to work: never changed, only added to.

CREATE TABLE consent_event (
    event_id      uuid PRIMARY KEY,
    customer_key  text NOT NULL,
    medium        text NOT NULL,
    scope         text NOT NULL,
    action        text NOT NULL CHECK (action IN ('grant', 'withdraw', 'expire')),
    basis         text CHECK (basis IN ('express', 'implied')),
    wording       text,
    language      text,
    method        text,
    shown         boolean NOT NULL,
    evidence      text,
    actor         text NOT NULL,
    source        text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL,
    expires_on    date
);
COMMENT ON COLUMN consent_event.event_id IS 'made of all that is told, so that the same word is kept once';
COMMENT ON COLUMN consent_event.scope IS 'a category, promotional, or all';
COMMENT ON COLUMN consent_event.shown IS 'the customer showed that they can open what comes this way';
COMMENT ON COLUMN consent_event.expires_on IS 'from this day on a grant no longer counts';
CREATE INDEX consent_event_of_customer ON consent_event (customer_key, occurred_at);

CREATE TABLE suppression_event (
    event_id      uuid PRIMARY KEY,
    customer_key  text NOT NULL,
    medium        text NOT NULL,
    action        text NOT NULL CHECK (action IN ('suppressed', 'lifted')),
    reason        text CHECK (reason IS NOT NULL OR action = 'lifted'),
    address       text,
    note          text,
    actor         text NOT NULL,
    source        text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    recorded_at   timestamptz NOT NULL
);
COMMENT ON COLUMN suppression_event.address IS 'the address that it is about; null where it holds for any';
CREATE INDEX suppression_event_of_customer ON suppression_event (customer_key, occurred_at);

-- Rows go only when their customer is erased.
CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never rewritten: % is refused', TG_TABLE_NAME, lower(TG_OP);
END $$;
CREATE TRIGGER consent_event_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON consent_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
CREATE TRIGGER suppression_event_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON suppression_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
