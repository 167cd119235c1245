import re
from pathlib import Path

import pytest

from tests.project.tables.parsed import parse_table
from xconnector.domain.decision.cell_text import parse_cell

PAGE = (Path(__file__).parents[3] / "docs" / "guide" / "tables.md").read_text(encoding="utf-8")
SAMPLES = re.findall(r"^```markdown\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
CELLS = [
    cell
    for line in re.findall(r"^\| (`[^|]*) \| [a-z]", PAGE.split("## What the table says")[0], re.MULTILINE)
    for cell in re.findall(r"`([^`]+)`", line)
]


@pytest.mark.parametrize("sample", SAMPLES, ids=range(len(SAMPLES)))
def test_the_tables_of_the_guide_have_no_mistake(sample: str) -> None:
    assert parse_table("sample", "sample.md", sample.encode())[1] == []


@pytest.mark.parametrize("cell", CELLS)
def test_the_cells_of_the_guide_are_understood(cell: str) -> None:
    assert parse_cell(cell)


def test_the_guide_shows_tables_and_cells() -> None:
    assert len(SAMPLES) == 1
    assert len(CELLS) > 10
