-- What was decided of a communication beside the order of its channels.

ALTER TABLE assembly ADD COLUMN terms json NOT NULL DEFAULT '{}';
COMMENT ON COLUMN assembly.terms IS 'waiting times and proof of mailing by hop, record class, print options, legal day';
