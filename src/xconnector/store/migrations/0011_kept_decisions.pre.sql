-- What was decided, and by which policy, is never rewritten. What the tables saw can be erased, and nothing put in its place.

CREATE FUNCTION refuse_redeciding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.facts IS NULL AND (
        NEW.communication_id, NEW.occasion, NEW.decided_at, NEW.day, NEW.name, NEW.customer_key, NEW.policy_sha256,
        NEW.rows::text, NEW.outcome::text, NEW.facts_sha256
    ) IS NOT DISTINCT FROM (
        OLD.communication_id, OLD.occasion, OLD.decided_at, OLD.day, OLD.name, OLD.customer_key, OLD.policy_sha256,
        OLD.rows::text, OLD.outcome::text, OLD.facts_sha256
    ) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'decision is never rewritten: its facts can be set to null, and rows can be deleted';
END $$;
CREATE TRIGGER decision_is_never_rewritten BEFORE UPDATE ON decision
    FOR EACH ROW EXECUTE FUNCTION refuse_redeciding();
CREATE TRIGGER decision_is_not_emptied BEFORE TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

-- A policy names tables and holds nothing of a customer: like the tables, it stays.
CREATE TRIGGER policy_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
