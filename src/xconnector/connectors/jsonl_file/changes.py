"""Lines that hold change events in the shape of Debezium, each with the change that it tells."""

from collections.abc import Iterator

from xconnector.connectors.jsonl_file.lines import Line
from xconnector.domain.change_event import DELETE, Change, NoChangeError, change_of


def read_changes(lines: Iterator[Line]) -> Iterator[Line]:
    """Yield every line with the change that it tells; a tombstone has what the delete in the line before it has."""
    deleted: Change | None = None
    for line in lines:
        change, wrong = _change(line, deleted)
        deleted = change if change is not None and change["op"] == DELETE else None
        yield Line(number=line.number, payload=line.payload, data=change, wrong=wrong)


def _change(line: Line, deleted: Change | None) -> tuple[Change | None, str]:
    if line.data is None and line.payload.strip() != b"null":
        return None, line.wrong
    try:
        return change_of(line.data, deleted=deleted), ""
    except NoChangeError as wrong:
        return None, f"line {line.number}: {wrong}"
