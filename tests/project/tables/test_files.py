import json
import os
from pathlib import Path

import pytest

from xconnector.domain.decision.table import DecisionTable
from xconnector.project.tables.files import FORMS, converted, read_table_file, table_bytes, understood
from xconnector.project.tables.limits import LONGEST_TEXT, MOST_BYTES, MOST_COLUMNS, MOST_FINDINGS, MOST_ROWS

HEAD = "| row | when x | then route |\n|--|--|--|\n"


def the_table(name: str = "ways") -> DecisionTable:
    found, wrong = understood(name, f"{name}.md", (HEAD + "| R1 | - | p |").encode(), form=".md")
    assert found is not None, wrong
    return found.table


def told(content: str) -> list[str]:
    return [finding.message for finding in understood("t", "t.md", content.encode(), form=".md")[1]]


def test_a_file_is_read_by_its_ending(tmp_path: Path) -> None:
    for form in FORMS:
        (tmp_path / f"ways{form}").write_bytes(table_bytes(the_table(), form=form))
        found, wrong = read_table_file(tmp_path / f"ways{form}", file=f"tables/ways{form}")

        assert wrong == []
        assert found is not None
        assert (found.table, found.file) == (the_table(), f"tables/ways{form}")


@pytest.mark.parametrize(
    "name, said", [("ways.txt", "'.txt' is no form"), ("ways", "no ending"), ("w.md", "no such"), (".", "no ending")]
)
def test_a_file_that_is_none_is_told(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "ways.txt").touch()
    (tmp_path / "ways").touch()

    found, (finding,) = read_table_file(tmp_path / name)

    assert found is None
    assert said in finding.message


@pytest.mark.parametrize("form", FORMS)
def test_of_a_file_that_is_too_large_no_more_is_read_than_shows_it(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"large{form}"
    file.touch()
    os.truncate(file, 1 << 40)

    found, (finding,) = read_table_file(file)

    assert found is None
    assert finding.message == f"the file has more than {MOST_BYTES} bytes"


def test_what_is_too_much_for_a_table_is_told() -> None:
    rows = "".join(f"| R{at} | {at} | p |\n" for at in range(MOST_ROWS + 1))
    columns = "".join(f" when x{at} |" for at in range(MOST_COLUMNS))
    text = "x" * (LONGEST_TEXT + 1)

    assert told(HEAD + rows) == [f"there are more than {MOST_ROWS} rows"]
    assert told(f"| row | then route |{columns}\n{'|--' * (MOST_COLUMNS + 2)}|\n") == [
        f"the rows have more than {MOST_COLUMNS} columns"
    ]
    for content in (f"{HEAD}| R1 | - | {text} |", f"{text}\n\n{HEAD}| R1 | - | p |", f"---\ngaps: {text}\n---\n{HEAD}"):
        assert f"a cell, a setting or a line of prose has more than {LONGEST_TEXT} signs" in told(content)


@pytest.mark.parametrize("form", [".json", ".md"])
def test_of_many_mistakes_the_first_are_told(form: str) -> None:
    if form == ".json":
        said = {"table": "t", "inputs": [], "outputs": [], "rows": [{"id": "R1", "x": 1}] * 80}
        _, found = understood("t", "t", json.dumps(said, indent=1).encode(), form=".json")
    else:
        _, found = understood(
            "t", "t", (HEAD + "\n".join(f"| R{at} | > > | p |" for at in range(80))).encode(), form=".md"
        )

    assert len(found) == MOST_FINDINGS + 1
    assert found[-1].message == "there are 30 more mistakes"
    assert found[-1].line > found[-2].line


@pytest.mark.parametrize("form", [form for form, one in FORMS.items() if not one.says_name])
def test_a_table_keeps_its_name_where_the_file_alone_says_it(form: str) -> None:
    assert converted(the_table(), Path(f"x/ways{form}"))[1] == []

    content, (finding,) = converted(the_table(), Path(f"x/other{form}"))

    assert content is None
    assert str(finding) == (
        f"x/other{form}:1: the table is called 'ways', and a {form} file is called as its table → "
        f"name it ways{form}, or call the table otherwise with --name"
    )


def test_a_form_that_says_the_name_may_be_called_otherwise() -> None:
    content, wrong = converted(the_table(), Path("x/other.json"))

    assert wrong == []
    assert content is not None
    found, _ = understood("other", "x", content, form=".json")
    assert found is not None
    assert found.table.name == "ways"


def test_there_is_no_form_without_a_known_ending() -> None:
    assert [finding.message for finding in converted(the_table(), Path("ways.csv"))[1]] == [
        "'.csv' is no form of tables"
    ]


def test_a_long_cell_is_told_by_its_beginning() -> None:
    (said,) = messages_of_cell("> " * 200)

    assert said == f"row R1, column 2 (when x): cell {'> ' * 30 + '…'!r} is not understood"


def messages_of_cell(cell: str) -> list[str]:
    text = f"| row | when x | then route |\n|--|--|--|\n| R1 | {cell.strip()} | p |"
    return [one.message for one in understood("t", "t.md", text.encode(), form=".md")[1]]
