-- Some outside systems forget dispatch keys: what was first tried too long ago is not tried again under the same key.
ALTER TABLE dispatch ADD COLUMN first_intended_at timestamptz;
ALTER TABLE dispatch ALTER COLUMN first_intended_at SET DEFAULT now();
COMMENT ON COLUMN dispatch.first_intended_at IS 'null for what was intended before this was noted';
