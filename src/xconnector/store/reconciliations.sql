-- name: records
-- What came in, by the ledger's intake entries and by the fates in the inbox.
WITH chosen AS (
    SELECT batch_id FROM batch
    WHERE (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
)
SELECT
    (
        SELECT count(*) FROM run
        WHERE sealed_at IS NULL
            AND (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
            AND (%(since)s::timestamptz IS NULL OR started_at >= %(since)s)
            AND (%(until)s::timestamptz IS NULL OR started_at < %(until)s)
    ) AS unsealed,
    (SELECT count(*) FROM ledger JOIN chosen USING (batch_id) WHERE event = 'received') AS received,
    coalesce(sum(greatest(made - 1, 0)) FILTER (WHERE fate = 'taken'), 0)::bigint AS further,
    count(*) FILTER (WHERE fate = 'taken') AS taken,
    count(*) FILTER (WHERE fate = 'repeated') AS repeated,
    count(*) FILTER (WHERE fate = 'refused') AS refused,
    count(*) FILTER (WHERE fate = 'set_aside') AS set_aside,
    count(*) FILTER (WHERE fate = 'taken' AND made = 0) AS asked_for_none,
    count(*) FILTER (WHERE fate = 'taken' AND made IS NULL) AS unasked
FROM inbox JOIN chosen USING (batch_id);

-- name: standings
-- Where the ledger says every communication stands, and how many rows of the table disagree.
WITH chosen AS (
    SELECT batch_id FROM batch
    WHERE (%(run_id)s::uuid IS NULL OR run_id = %(run_id)s)
        AND (%(since)s::timestamptz IS NULL OR created_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR created_at < %(until)s)
), last_entry AS (
    SELECT DISTINCT ON (communication_id) communication_id, state
    FROM ledger JOIN chosen USING (batch_id)
    WHERE state IS NOT NULL AND communication_id IS NOT NULL
    ORDER BY communication_id, entry_id DESC
)
SELECT coalesce(last_entry.state, communication.state) AS state, count(*) AS number,
       count(*) FILTER (WHERE last_entry.state IS DISTINCT FROM communication.state) AS disagreeing
FROM last_entry FULL JOIN (SELECT communication.* FROM communication JOIN chosen USING (batch_id)) AS communication
    USING (communication_id)
GROUP BY 1;
