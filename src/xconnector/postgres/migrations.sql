-- name: lock_migrations
-- Waits until no other program migrates; let go at the end of the transaction.
SELECT pg_advisory_xact_lock(hashtextextended('xconnector:migrations', 0));

-- name: create_migration_table
-- Makes the record of applied migrations when there is none.
CREATE TABLE IF NOT EXISTS schema_migration (
    component  text NOT NULL,
    name       text NOT NULL,
    phase      text NOT NULL CHECK (phase IN ('pre', 'post')),
    sha256     text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (component, name)
);

-- name: has_migration_table
-- Whether any migration was ever recorded here.
SELECT to_regclass('schema_migration') IS NOT NULL;

-- name: recorded_migrations
-- The applied migrations of one component with their phases and digests.
SELECT name, phase, sha256 FROM schema_migration WHERE component = %(component)s;

-- name: record_migration
-- Remembers that a migration was applied.
INSERT INTO schema_migration (component, name, phase, sha256)
VALUES (%(component)s, %(name)s, %(phase)s, %(sha256)s);
