"""Every template of every example in every language, composed once for all tests."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.examples.workshop import (
    EXAMPLES,
    LANGUAGES,
    NAMES,
    Piece,
    composed,
    mapped_events,
    mapped_file,
    piece,
    project,
)
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError
from xconnector.project.mapping import Mapped

RUNS = {
    ("insurer", "annual_statement"): ("annual_statements", "annual_statements.csv"),
    ("bank", "account_statement"): ("account_statements", "account_statements.jsonl"),
}
"""What comes by run only: feed and file."""

Key = tuple[str, str, str]
"""Example, communication, language."""
Made = tuple[Piece, Composition | ConnectorError]


def first_sample(example: str, name: str) -> Mapped:
    """The first record among the example's own data that asks for this communication."""
    if (example, name) in RUNS:
        feed, file = RUNS[example, name]
        return next(mapped_file(example, feed, EXAMPLES / example / "data" / file))
    event = project(example).communications[name].event
    return next(mapped for type_, mapped in mapped_events(example) if type_ == event)


@pytest.fixture(scope="session")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Mapping[Key, Made]:
    return asyncio.run(everything(tmp_path_factory.mktemp("composer")))


async def everything(state_folder: Path) -> Mapping[Key, Made]:
    made: dict[Key, Made] = {}
    for example in NAMES:
        wanted = {
            (example, name, language): piece(example, name, first_sample(example, name), language=language)
            for name in project(example).communications
            for language in LANGUAGES
        }
        results = await composed(example, list(wanted.values()), state_folder)
        made |= {key: (one, result) for (key, one), result in zip(wanted.items(), results, strict=True)}
    return made
