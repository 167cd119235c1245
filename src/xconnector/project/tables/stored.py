"""Tables as they are kept in the store: whole, in their JSON form, under the SHA-256 of what they decide."""

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.decision.table import DecisionTable
from xconnector.project.tables.json_form import read_json_table, write_json_table
from xconnector.project.tables.reading import read_table
from xconnector.project.tables.text import TableText
from xconnector.project.tables.writing import write_table
from xconnector.store.tables import TableContent


class KeptTableError(DecisionError):
    """What is kept under a SHA-256 is not that table any more; the message says what to do."""


def content_of(table: DecisionTable) -> TableContent:
    """Return a table as it is kept: its notes, owners and tests too."""
    content = write_json_table(write_table(table, says_all=True))
    return TableContent(sha256=table.sha256, name=table.name, content=content)


def read_kept(kept: TableContent) -> DecisionTable:
    """Return the table that was kept.

    Raises KeptTableError where the text is not the one of its SHA-256.
    """
    return read_kept_text(kept).table


def read_kept_text(kept: TableContent) -> TableText:
    """Return the table that was kept, with the lines of its JSON form; findings call it `name@sha256`.

    Raises KeptTableError where the text is not the one of its SHA-256.
    """
    file = f"{kept.name}@{kept.sha256[:12]}"
    written, _ = read_json_table(file, kept.content.encode())
    text = None if written is None else read_table(written)[0]
    if text is None or text.table.sha256 != kept.sha256 or text.table.name != kept.name:
        raise KeptTableError(f"what is kept as {file} is not that table any more: restore it from a backup")
    return text
