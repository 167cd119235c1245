-- name: append
-- Append entries.
COPY ledger (at, batch_id, record_id, communication_id, event, state, actor, detail) FROM STDIN;

-- name: history
-- Everything that happened to a communication, with the intake of the record it was made of.
SELECT at, batch_id, event, record_id, communication_id, state, actor, detail::text AS detail
FROM (
    SELECT ledger.* FROM ledger WHERE communication_id = %(communication_id)s
    UNION ALL
    SELECT ledger.*
    FROM communication JOIN ledger ON ledger.batch_id = communication.batch_id
        AND ledger.record_id = communication.record_id AND ledger.communication_id IS NULL
    WHERE communication.communication_id = %(communication_id)s
) AS entries
ORDER BY entry_id;
