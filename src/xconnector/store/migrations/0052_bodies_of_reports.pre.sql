-- The bytes of providers' requests are kept for a while only; whose they are and what they said stays.

ALTER TABLE report_request ALTER COLUMN body DROP NOT NULL;
COMMENT ON COLUMN report_request.body IS 'forgotten after a while; the digest stays';
DROP TRIGGER report_request_is_never_rewritten ON report_request;
CREATE TRIGGER report_request_is_never_rewritten BEFORE UPDATE ON report_request
    FOR EACH ROW WHEN (
        NEW.body IS NOT NULL OR (OLD.request_id, OLD.connection, OLD.sha256, OLD.once, OLD.arrived_at)
            IS DISTINCT FROM (NEW.request_id, NEW.connection, NEW.sha256, NEW.once, NEW.arrived_at)
    ) EXECUTE FUNCTION refuse_change();
CREATE INDEX report_request_with_body ON report_request (arrived_at) WHERE body IS NOT NULL;
CREATE INDEX delivery_event_of_request ON delivery_event (request_id) WHERE request_id IS NOT NULL;
