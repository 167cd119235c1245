-- Rows move through their states on the page where they were written, without a new entry in any index.

-- A record is updated once (`made`) and a communication about four times, a dispatch once: there must be room for that.
ALTER TABLE inbox SET (fillfactor = 50);
ALTER TABLE communication SET (fillfactor = 40);
ALTER TABLE dispatch SET (fillfactor = 40);

-- Batches are never deleted, and a row's batch is made in the same transaction or read from it: to look each one up
-- costs more than to write it.
ALTER TABLE inbox DROP CONSTRAINT inbox_batch_id_fkey;
ALTER TABLE communication DROP CONSTRAINT communication_batch_id_fkey;

-- As long as an index asked for the state, every change of it wrote into every index of the table. By default true:
-- programs that do not know the column yet must not hide what they collect.
ALTER TABLE dispatch ADD COLUMN collects boolean NOT NULL DEFAULT true;
COMMENT ON COLUMN dispatch.collects IS 'whether it was meant for a bundle; unlike the state this does not change';
DROP INDEX dispatch_uncollected;
CREATE INDEX dispatch_uncollected ON dispatch (connection, intended_at) WHERE collects AND bundle_key IS NULL;

-- One index serves both: a key is taken once for each source, and records are found by their key alone.
DROP INDEX inbox_source_key;
DROP INDEX inbox_taken_once;
CREATE UNIQUE INDEX inbox_taken_once ON inbox (source_key, source) WHERE fate = 'taken';
