-- What people say of customers' fields against what sources say: it lasts until it ends or is revoked.

CREATE TABLE customer_override (
    override_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_key  text NOT NULL,
    field         text NOT NULL,
    value         json,
    reason        text NOT NULL,
    actor         text NOT NULL,
    since         timestamptz NOT NULL,
    until         timestamptz,
    revokes       boolean NOT NULL,
    recorded_at   timestamptz NOT NULL,
    CHECK (until > since),
    CHECK (NOT revokes OR (value IS NULL AND until IS NULL))
);
COMMENT ON COLUMN customer_override.field IS 'address: the parts of the postal address together';
COMMENT ON COLUMN customer_override.value IS 'null where the field has no value, and where the row revokes what was said before';
COMMENT ON COLUMN customer_override.until IS 'when it ends; null where it lasts until it is revoked';
CREATE INDEX customer_override_of_customer ON customer_override (customer_key, override_id);

-- Rows go only when their customer is erased.
CREATE TRIGGER customer_override_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON customer_override
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();
