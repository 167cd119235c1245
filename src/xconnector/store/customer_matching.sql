-- name: number
-- Give every member a number, from 0, by the time since when it is known.
CREATE TEMPORARY TABLE matching_member AS
SELECT (row_number() OVER (ORDER BY coalesce(link.known_since, said.at), member_key COLLATE "C") - 1)::integer AS number,
       member_key, coalesce(link.customer_key, member_key) AS customer_key,
       coalesce(link.known_since, said.at) AS known_since
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

-- name: changed
-- Those of these unions whose members somebody else linked or parted meanwhile, or called two customers. Each has its
-- place, and its members with the customers that they were when it was settled.
WITH given AS MATERIALIZED (
    SELECT place, member.member_key, customer.member_key AS customer_key
    FROM unnest(%(places)s::integer[], %(members)s::integer[], %(customers)s::integer[]) AS given (place, member, customer)
        JOIN matching_member AS member ON member.number = given.member
        JOIN matching_member AS customer ON customer.number = given.customer
)
SELECT place FROM given LEFT JOIN customer_link AS link USING (member_key)
WHERE coalesce(link.customer_key, given.member_key) <> given.customer_key
UNION
-- Nobody left: where there are more, somebody joined.
SELECT place FROM (SELECT place, customer_key, count(*) AS members FROM given GROUP BY place, customer_key) AS before
WHERE members < (SELECT count(*) FROM customer_link AS link WHERE link.customer_key = before.customer_key)
UNION
SELECT one.place
FROM (SELECT DISTINCT ON (first_key, second_key) first_key, second_key, action
      FROM customer_link_event
      WHERE (first_key, second_key) IN (SELECT first_key, second_key FROM customer_link_event
                                        WHERE action = 'apart' AND first_key IN (SELECT member_key FROM given))
      ORDER BY first_key, second_key, event_id DESC) AS word
JOIN given AS one ON one.member_key = word.first_key
JOIN given AS other ON other.member_key = word.second_key AND other.place = one.place
WHERE word.action = 'apart';

-- name: say_linked
-- Keep that pairs of members were linked, in this order.
INSERT INTO customer_link_event (at, action, first_key, second_key, basis, actor)
SELECT %(now)s, 'linked', least(one.member_key COLLATE "C", other.member_key COLLATE "C"),
       greatest(one.member_key COLLATE "C", other.member_key COLLATE "C"), %(basis)s, %(actor)s
FROM unnest(%(firsts)s::integer[], %(seconds)s::integer[]) WITH ORDINALITY AS given (first, second, place)
    JOIN matching_member AS one ON one.number = given.first
    JOIN matching_member AS other ON other.number = given.second
ORDER BY place;

-- name: place
-- Say to which customer members belong from now on; who stays where it was keeps the time since when.
INSERT INTO customer_link AS link (member_key, customer_key, known_since, since, changed_at)
SELECT member.member_key, customer.member_key, coalesce(member.known_since, %(now)s), %(now)s, %(now)s
FROM unnest(%(members)s::integer[], %(customers)s::integer[]) AS given (member, customer)
    JOIN matching_member AS member ON member.number = given.member
    JOIN matching_member AS customer ON customer.number = given.customer
ORDER BY member.member_key
ON CONFLICT (member_key) DO UPDATE
SET customer_key = excluded.customer_key, changed_at = excluded.changed_at,
    since = CASE WHEN link.customer_key = excluded.customer_key THEN link.since ELSE excluded.since END;

-- name: analyze_links
-- Let the planner know of many new links before anybody reads by them.
ANALYZE customer_link;

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
