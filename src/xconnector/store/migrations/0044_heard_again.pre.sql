-- What a source says unchanged leaves no history, only that it was heard again.

ALTER TABLE customer_record ADD COLUMN heard_again timestamptz;
COMMENT ON COLUMN customer_record.heard_again IS
    'when the source last said again, unchanged, all that it had said by then; null where it never did';
