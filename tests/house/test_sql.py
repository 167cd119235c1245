"""SQL stands in `.sql` files: named queries beside the code that asks them, and numbered migrations."""

import re

from tests.house.repository import handed_over, shown
from xconnector.postgres.queries import Queries

MIGRATION = re.compile(r"\d{4}_[a-z0-9_]+\.(?:pre|post)\.sql")
NEVER_GIVEN = frozenset({*range(19, 29), *range(30, 41)})
"""Numbers of the store that were skipped once. What databases have applied keeps its name; no other may be skipped."""
STATEMENT = re.compile(
    r"\b(?:SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+TABLE)\b", re.DOTALL
)


def test_every_query_has_a_name_and_a_sentence() -> None:
    for path in handed_over("src/*.sql"):
        if path.parent.name != "migrations":
            assert len(Queries.parse(shown(path), path.read_text(encoding="utf-8"))) > 0


def test_every_query_is_asked() -> None:
    unasked = [
        f"{shown(path)}: {name}"
        for path in handed_over("src/*.sql")
        if path.parent.name != "migrations"
        for name in Queries.parse(shown(path), path.read_text(encoding="utf-8"))
        if not any(re.search(rf"\b{name}\b", code.read_text(encoding="utf-8")) for code in path.parent.glob("*.py"))
    ]
    assert unasked == []


def test_every_migration_has_the_number_behind_the_one_before_it_and_a_phase() -> None:
    folders = {path.parent for path in handed_over("src/*.sql") if path.parent.name == "migrations"}
    for folder in folders:
        names = sorted(path.name for path in folder.glob("*.sql"))
        assert [name for name in names if not MIGRATION.fullmatch(name)] == []
        left_out = NEVER_GIVEN if folder.parent.name == "store" else frozenset[int]()
        wanted = [number for number in range(1, len(names) + len(left_out) + 1) if number not in left_out]
        assert [int(name[:4]) for name in names] == wanted, shown(folder)


def test_no_statement_stands_in_the_code() -> None:
    in_code = [
        f"{shown(path)}: {found[0][:60]!r}"
        for path in handed_over("src/*.py")
        for found in STATEMENT.finditer(path.read_text(encoding="utf-8"))
    ]
    assert in_code == []
