"""The database: a pool, named queries, numbered migrations, and the embedded server of a newcomer."""
