"""Named queries in `.sql` files."""

import pytest

from xconnector.postgres.queries import Queries, QueryFileError

TWO = """
-- The queries of the post office.

-- name: find_letter
-- One letter by its number.
SELECT * FROM letter
WHERE id = %(id)s; -- the number

-- name: count_letters
-- How many there are,
-- whatever their state.
SELECT count(*) FROM letter;
"""


def test_a_query_is_found_as_an_attribute_and_by_name_without_its_comment() -> None:
    queries = Queries.parse("letters.sql", TWO)
    assert queries.find_letter == b"SELECT * FROM letter\nWHERE id = %(id)s; -- the number"
    assert queries["count_letters"] == b"SELECT count(*) FROM letter;"
    assert list(queries) == ["find_letter", "count_letters"]


def test_queries_are_read_from_a_package() -> None:
    assert "try_lock" in Queries.load("xconnector.postgres", "locks.sql")


def test_an_absent_file_is_named() -> None:
    with pytest.raises(QueryFileError, match=r"xconnector\.postgres has no file lokcs\.sql"):
        Queries.load("xconnector.postgres", "lokcs.sql")


def test_a_misspelt_query_is_told_with_what_there_is() -> None:
    queries = Queries.parse("letters.sql", TWO)
    with pytest.raises(QueryFileError, match="no query called find_leter; it has: count_letters, find_letter"):
        _ = queries.find_leter


@pytest.mark.parametrize(
    "text, complaint",
    [
        ("SELECT 1;", "before the first"),
        ("-- name: \n-- Nothing.\nSELECT 1;", "no name for a query"),
        ("-- name: Find-It\n-- Nothing.\nSELECT 1;", "no name for a query"),
        ("-- name: a\n-- One.\nSELECT 1;\n-- name: a\n-- Two.\nSELECT 2;", "two queries are called a"),
        ("-- name: a\nSELECT 1;", "a has no sentence"),
        ("-- name: a\n-- One.\n", "a has no SQL"),
        ("-- name: a\n-- One.\n\n-- only this\n", "a has no SQL"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(QueryFileError, match=complaint):
        Queries.parse("bad.sql", text)
