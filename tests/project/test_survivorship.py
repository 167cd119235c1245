"""The project's table of survivorship: what it may say, and what is told of every mistake."""

from collections.abc import Sequence
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from tests.project.conftest import ProjectFolder
from xconnector.domain.customer import POSTAL_FIELDS
from xconnector.domain.survivorship import Rule, SurvivorshipRow
from xconnector.project.customer_fields import CustomerFields
from xconnector.project.survivorship import read_survivorship

FILE = "customers/survivorship.md"
HEADER = ("field", "sources", "rule", "max age", "verified", "note")
SOURCES = ("/claims", "crm", "statements")
FIELDS = CustomerFields(own=frozenset({"loyalty-level"}), kinds=frozenset({"invoice"}))


def _markdown(*rows: Sequence[str], header: Sequence[str] = HEADER) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, ["---"] * len(header), *rows)) + "\n"


def _rows(folder: Path, text: str) -> tuple[Sequence[SurvivorshipRow], list[str]]:
    (folder / "customers").mkdir(exist_ok=True)
    (folder / FILE).write_text(text, "utf-8")
    rules, findings = read_survivorship(folder, SOURCES, FIELDS)
    return rules.rows, [f"{one.line}: {one.message} → {one.remedy}" for one in findings]


def test_a_row_says_who_may_speak_and_who_is_believed(tmp_path: Path) -> None:
    text = _markdown(
        ("address", "crm, /claims, *", "source order", "-", "-", "§ 7"),
        ("first_name, last_name", "-", "most complete", "", "no", ""),
        ("email", "", "most recent verified", "365 days", "yes", ""),
        ("loyalty-level", "crm", "agreed by most", "12 hours", "", ""),
        ("*", "-", "most recent", "104 weeks", "-", ""),
    )

    assert _rows(tmp_path, f"# Who is believed\n\n{text}\nAs agreed in May.\n") == (
        (
            SurvivorshipRow(
                row="address", fields=POSTAL_FIELDS, rule=Rule.SOURCE_ORDER, sources=("crm", "/claims", "*")
            ),
            SurvivorshipRow(
                row="first_name, last_name", fields=("first_name", "last_name"), rule=Rule.MOST_COMPLETE
            ),
            SurvivorshipRow(
                row="email", fields=("email",), rule=Rule.MOST_RECENT_VERIFIED,
                max_age=timedelta(days=365), must_be_verified=True,
            ),
            SurvivorshipRow(
                row="loyalty-level", fields=("loyalty-level",), rule=Rule.AGREED, sources=("crm",),
                max_age=timedelta(hours=12),
            ),
            SurvivorshipRow(row="*", fields=("*",), max_age=timedelta(weeks=104)),
        ),
        [],
    )  # fmt: skip


@pytest.mark.parametrize(
    "row, told",
    [
        (
            ("email", "crmm", "source order", "", "", ""),
            "3: there is no source 'crmm' → did you mean 'crm'? Or add it to",
        ),
        (
            ("email", "zebra", "source order", "", "", ""),
            "3: there is no source 'zebra' → add it to `customers: sources:`",
        ),
        (("email", "", "source order", "", "", ""), "3: the rule `source order` needs sources → name them"),
        (("emial", "", "most recent", "", "", ""), "3: there is no field 'emial' → did you mean 'email'? Or add it to"),
        (
            ("preference.invoise", "", "most recent", "", "", ""),
            "3: there is no field 'preference.invoise' → did you mean 'preference.invoice'? Or add",
        ),
        (("email", "crm, crm", "most recent", "", "", ""), "3: the source 'crm' is named twice → leave one out"),
        (("email", "", "most resent", "", "", ""), "3: there is no rule 'most resent' → did you mean 'most recent'?"),
        (("email", "", "", "", "", ""), "3: the row names no rule → use one of"),
        (("email", "", "most recent", "1 year", "", ""), "3: '1 year' is no age → write hours, days or weeks"),
        (("email", "", "most recent", "0 days", "", ""), "3: '0 days' is no age"),
        (("email", "", "most recent", "", "always", ""), "3: 'always' does not say whether it must be verified"),
        (("", "", "most recent", "", "", ""), "3: the row names no field → write a field such as email"),
        (("city", "", "most recent", "", "", ""), "3: 'city' is a part of the address, which stands or falls together"),
        (("email, *", "", "most recent", "", "", ""), "3: '*' stands beside other fields → give it a row of its own"),
        (("e mail", "", "most recent", "", "", ""), "3: 'e mail' is no name of a field → write names such as email"),
        (("email, email", "", "most recent", "", "", ""), "3: the field 'email' stands in line 3 too → leave one out"),
        (("email", "", "most recent", "", "", "", "more"), "3: the line has more cells than the header"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_remedy(tmp_path: Path, row: Sequence[str], told: str) -> None:
    rows, findings = _rows(tmp_path, _markdown(row))

    assert rows == ()
    assert [finding for finding in findings if finding.startswith(told)], findings


def test_a_field_in_two_rows_and_columns_that_are_not_there_are_told(tmp_path: Path) -> None:
    mobile = ("mobile", "", "most recent", "", "", "")

    assert _rows(tmp_path, _markdown(mobile, mobile))[1] == [
        "4: the field 'mobile' stands in line 3 too → leave one out"
    ]
    assert _rows(tmp_path, _markdown(header=("feild", "rule")))[1] == [
        "1: there is no column 'feild' here → did you mean 'field'?",
        "1: the column 'field' is missing → write the columns field, sources, rule, max age, verified, note",
    ]
    assert _rows(tmp_path, "no table")[1] == [
        "1: there is no table → write one: | row | when … | then route |, a line of dashes, then rows"
    ]


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    book, written = Workbook(), BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Rows"
    sheet.append(HEADER)
    sheet.append(("email", "crm, *", "source order", "30 days", "yes", "as agreed"))
    book.save(written)
    (tmp_path / "customers").mkdir()
    (tmp_path / "customers/survivorship.xlsx").write_bytes(written.getvalue())

    rules, findings = read_survivorship(tmp_path, SOURCES, FIELDS)

    assert findings == []
    assert [row.row for row in rules.rows] == ["email"]
    assert rules.rows[0].max_age == timedelta(days=30)
    _, findings = _rows(tmp_path, _markdown(("email", "", "most recent", "", "", "")))
    assert findings == ["1: the table stands in customers/survivorship.md too → keep it in one form"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(st.lists(st.text("abc*,-/ 7|\\\n", max_size=8), min_size=6, max_size=6), max_size=4))
def test_whatever_stands_in_the_cells_is_a_row_or_a_finding(tmp_path: Path, rows: list[list[str]]) -> None:
    understood, findings = _rows(tmp_path, _markdown(*rows))

    assert findings or len(understood) <= len(rows)
    assert all(row.fields for row in understood)


def test_a_project_is_checked_and_decided_with_its_table(project_folder: ProjectFolder) -> None:
    without = project_folder.load()
    project_folder.write(FILE, _markdown(("email", "crm, nobody", "source order", "", "", "")))
    assert [one for one in project_folder.findings() if one.startswith(f"{FILE}:3: there is no source 'crm'")]

    project_folder.replace("xconnector.yaml", "\nfeeds:", "\ncustomers: {sources: [crm, nobody]}\n\nfeeds:")
    project = project_folder.load()

    assert [row.sources for row in project.survivorship.rows] == [("crm", "nobody")]
    assert project.content_sha256 != without.content_sha256
