-- name: lock
-- One at a time speaks about tables: whoever holds this reads the last event and writes the next.
SELECT pg_advisory_xact_lock(hashtext('xconnector: table events'));

-- name: append
-- Append an event to the chain.
INSERT INTO table_event
    (position, at, name, table_sha256, act, person, role, reason, effective_from, previous_sha256, sha256)
VALUES
    (%(position)s, %(at)s, %(name)s, %(table_sha256)s, %(act)s, %(person)s, %(role)s, %(reason)s, %(effective_from)s,
     %(previous_sha256)s, %(sha256)s);

-- name: last
-- The last event of the chain.
SELECT position, at, name, table_sha256, act, person, role, reason, effective_from, previous_sha256, sha256
FROM table_event ORDER BY position DESC LIMIT 1;

-- name: of_table
-- What was said of the tables of a name.
SELECT position, at, name, table_sha256, act, person, role, reason, effective_from, previous_sha256, sha256
FROM table_event WHERE name = %(name)s ORDER BY position;

-- name: chain
-- Everything that was ever said of tables.
SELECT position, at, name, table_sha256, act, person, role, reason, effective_from, previous_sha256, sha256
FROM table_event ORDER BY position;
