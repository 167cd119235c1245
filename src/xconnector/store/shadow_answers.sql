-- name: remember
-- Append answers of shadows, counted.
COPY shadow_answer (decided_at, table_name, shadow_sha256, in_force_sha256, in_force_row, shadow_row, differs, reason,
                    number, examples) FROM STDIN;

-- name: matrix
-- Which rows in force stood beside which rows of the shadows of a table, the most frequent first.
SELECT shadow_sha256, in_force_sha256, in_force_row, shadow_row, differs, reason, sum(number)::bigint AS number,
       min(decided_at) AS since, max(decided_at) AS until,
       (array_agg(examples[1] ORDER BY answer_id DESC) FILTER (WHERE cardinality(examples) > 0))[1:%(examples)s]
           AS examples
FROM shadow_answer
WHERE table_name = %(table)s
    AND (%(shadow)s::text IS NULL OR shadow_sha256 = %(shadow)s)
    AND (%(since)s::timestamptz IS NULL OR decided_at >= %(since)s)
    AND (%(until)s::timestamptz IS NULL OR decided_at < %(until)s)
GROUP BY shadow_sha256, in_force_sha256, in_force_row, shadow_row, differs, reason
ORDER BY differs DESC, number DESC, in_force_row, shadow_row;

-- name: newest
-- The shadow of a table that answered last.
SELECT shadow_sha256 FROM shadow_answer
WHERE table_name = %(table)s AND starts_with(shadow_sha256, %(digits)s)
ORDER BY answer_id DESC LIMIT 1;
