-- name: claim
-- Remember that a file is about to be claimed.
INSERT INTO dropped_file (claimant, feed, connection, name, size, state, claimed_at)
VALUES (%(claimant)s, %(feed)s, %(connection)s, %(name)s, %(size)s, 'claimed', %(now)s);

-- name: open_ones
-- The files of a feed that are not put away, oldest first.
SELECT * FROM dropped_file WHERE feed = %(feed)s AND put_away_at IS NULL ORDER BY claimed_at, claimant;

-- name: latest
-- The latest files of a feed.
SELECT dropped_file.*, (
    SELECT count(*) FROM batch JOIN inbox USING (batch_id)
    WHERE batch.run_id = dropped_file.run_id AND inbox.fate = 'set_aside' AND dropped_file.state = 'taken'
) AS set_aside
FROM dropped_file WHERE feed = %(feed)s ORDER BY claimed_at DESC, claimant DESC LIMIT %(limit)s;

-- name: begin
-- Count one more attempt at a file, and return how many there were.
UPDATE dropped_file SET attempts = attempts + 1 WHERE claimant = %(claimant)s RETURNING attempts;

-- name: forgive
-- Take back that an attempt was counted.
UPDATE dropped_file SET attempts = attempts - 1 WHERE claimant = %(claimant)s AND attempts > 0;

-- name: settle
-- Say what became of a claimed file.
UPDATE dropped_file SET state = %(state)s, sha256 = %(sha256)s, run_id = %(run_id)s, reason = %(reason)s
WHERE claimant = %(claimant)s AND state = 'claimed'
RETURNING claimant;

-- name: put_away
-- Say that a file lies where it belongs.
UPDATE dropped_file SET put_away_at = %(now)s, state = CASE WHEN state = 'claimed' THEN 'gone' ELSE state END
WHERE claimant = %(claimant)s;
