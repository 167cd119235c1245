-- name: find
-- How far a feed is.
SELECT feed_position.*, EXISTS (SELECT FROM feed_unread WHERE feed_unread.feed = feed_position.feed) AS has_more
FROM feed_position WHERE feed = %(feed)s;

-- name: all_of_them
-- How far every feed is.
SELECT feed_position.*, EXISTS (SELECT FROM feed_unread WHERE feed_unread.feed = feed_position.feed) AS has_more
FROM feed_position ORDER BY feed;

-- name: forget
-- Let a feed begin anew; no row where it is at its beginning.
UPDATE feed_position SET position = NULL WHERE feed = %(feed)s AND position IS NOT NULL RETURNING feed;

-- name: advance
-- Move a feed from where it stood; no row where it stands elsewhere by now.
INSERT INTO feed_position (feed, position, asked_at, moved_at)
VALUES (%(feed)s, %(position)s, %(now)s, CASE WHEN %(has_news)s THEN %(now)s::timestamptz END)
ON CONFLICT (feed) DO UPDATE
SET position = excluded.position, asked_at = excluded.asked_at, trouble = NULL, trouble_since = NULL,
    moved_at = coalesce(excluded.moved_at, feed_position.moved_at)
WHERE feed_position.position IS NOT DISTINCT FROM %(from)s
RETURNING feed;

-- name: leave_unread
-- Note that the source of a feed has more to give.
INSERT INTO feed_unread (feed) VALUES (%(feed)s) ON CONFLICT DO NOTHING;

-- name: read_to_end
-- Note that the source of a feed has nothing more to give.
DELETE FROM feed_unread WHERE feed = %(feed)s;

-- name: note
-- Note that a feed was asked, and what was wrong.
INSERT INTO feed_position (feed, asked_at, moved_at, trouble, trouble_since)
VALUES (%(feed)s, %(now)s, CASE WHEN %(has_news)s THEN %(now)s::timestamptz END, %(trouble)s,
        CASE WHEN %(trouble)s::text IS NOT NULL THEN %(now)s::timestamptz END)
ON CONFLICT (feed) DO UPDATE
SET asked_at = excluded.asked_at, moved_at = coalesce(excluded.moved_at, feed_position.moved_at),
    trouble = excluded.trouble,
    trouble_since = CASE
        WHEN excluded.trouble IS NULL THEN NULL
        ELSE coalesce(feed_position.trouble_since, excluded.trouble_since)
    END;
