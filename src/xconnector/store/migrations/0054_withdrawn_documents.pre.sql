-- What was published on a portal can be taken out of its customer's sight; that it was there stays known.
ALTER TABLE portal_document ADD COLUMN withdrawn_at timestamptz;

ALTER TABLE dispatch DROP CONSTRAINT dispatch_state_check;
ALTER TABLE dispatch ADD CONSTRAINT dispatch_state_check
    CHECK (state IN ('collected', 'dispatching', 'put_off', 'handed_over', 'refused', 'outcome_unknown', 'given_up',
                     'undeliverable', 'withdrawn'));
