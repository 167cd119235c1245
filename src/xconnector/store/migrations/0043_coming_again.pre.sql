-- A source that gives a part again is asked which of its records stand aside, or were refused, already; and one that
-- had more to give when its reader was ended is asked again at once.

CREATE INDEX inbox_not_taken ON inbox (sha256) WHERE fate IN ('set_aside', 'refused');
DROP INDEX inbox_set_aside;

CREATE TABLE feed_unread (
    feed text PRIMARY KEY
);
COMMENT ON TABLE feed_unread IS 'feeds whose source had more to give when it was read last';
