-- name: number
-- Give every member a number, from 0, by the time since when it is known.
CREATE TEMPORARY TABLE matching_member AS
SELECT (row_number() OVER (ORDER BY coalesce(link.known_since, said.at), member_key COLLATE "C") - 1)::integer AS number,
       member_key, coalesce(link.customer_key, member_key) AS customer_key
FROM (SELECT customer_key AS member_key, min(recorded_at) AS at
      FROM (SELECT customer_key, recorded_at FROM customer_record
            UNION ALL
            SELECT customer_key, recorded_at FROM customer_record_past) AS statement
      GROUP BY customer_key) AS said
FULL JOIN customer_link AS link USING (member_key);

-- name: index_members
-- Let members be found by number.
CREATE UNIQUE INDEX matching_member_by_number ON pg_temp.matching_member (number);

-- name: open_keys
-- Make room for the keys; they are gone when matching ends.
CREATE TEMPORARY TABLE matching_key (rule smallint NOT NULL, digest uuid NOT NULL, number integer NOT NULL);

-- name: analyze_members
-- Let the planner know how many there are.
ANALYZE matching_member;

-- name: count
-- How many members there are.
SELECT count(*) FROM matching_member;

-- name: said
-- What the sources say of the members of a range of numbers.
SELECT member.number, member.member_key, said.source, said.statements::text, said.heard_again
FROM matching_member AS member JOIN customer_record AS said ON said.customer_key = member.member_key
WHERE member.number >= %(first)s AND member.number < %(end)s
ORDER BY member.number, said.source;

-- name: names
-- The members of numbers.
SELECT number, member_key FROM matching_member WHERE number = ANY(%(numbers)s);

-- name: known
-- Every member that is not its own customer, with the first member of that customer.
SELECT member.number, customer.number
FROM matching_member AS member JOIN matching_member AS customer ON customer.member_key = member.customer_key
WHERE member.customer_key <> member.member_key;

-- name: apart
-- Every pair that is said to be two customers.
SELECT one.number, other.number
FROM (SELECT DISTINCT ON (first_key, second_key) first_key, second_key, action
      FROM customer_link_event
      WHERE (first_key, second_key) IN (SELECT first_key, second_key FROM customer_link_event WHERE action = 'apart')
      ORDER BY first_key, second_key, event_id DESC) AS word
JOIN matching_member AS one ON one.member_key = word.first_key
JOIN matching_member AS other ON other.member_key = word.second_key
WHERE word.action = 'apart';

-- name: keep_keys
-- Take keys in.
COPY matching_key (rule, digest, number) FROM STDIN;

-- name: blocks
-- The members that share a key under a rule, of every key that is not shared by too many.
SELECT array_agg(number)
FROM matching_key
WHERE rule = %(rule)s
GROUP BY digest
HAVING count(*) BETWEEN 2 AND %(most)s;

-- name: crowds
-- The keys that are shared by too many members, those shared by most first, each with its first members.
SELECT count(*) AS members, (array_agg(number ORDER BY number))[1:%(shown)s] AS first
FROM matching_key
WHERE rule = %(rule)s
GROUP BY digest
HAVING count(*) > %(most)s
ORDER BY count(*) DESC, min(number)
LIMIT %(limit)s;

-- name: close_members
-- Forget the numbers.
DROP TABLE IF EXISTS pg_temp.matching_member;

-- name: close_keys
-- Forget the keys.
DROP TABLE IF EXISTS pg_temp.matching_key;
