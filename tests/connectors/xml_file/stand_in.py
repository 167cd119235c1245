"""Writes XML files for the conformance suite."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from xconnector.contract.source import ControlTotals


class XmlFiles:
    settings: Mapping[str, object] = {"element": "Statement", "key": ["account"]}

    def write(self, path: Path, records: Sequence[Mapping[str, str]]) -> None:
        self._write(path, records, "")

    def write_with_trailer(self, path: Path, records: Sequence[Mapping[str, str]], totals: ControlTotals) -> None:
        sums = "".join(f'<sum field="{name}">{amount}</sum>' for name, amount in totals.sums.items())
        self._write(path, records, f'<Trailer records="{totals.records}">{sums}</Trailer>')

    def _write(self, path: Path, records: Sequence[Mapping[str, str]], end: str) -> None:
        body = "".join(f"<b:Statement>{_fields(record)}</b:Statement>\n" for record in records)
        text = f'<?xml version="1.0" encoding="UTF-8"?>\n<b:Run xmlns:b="urn:bank">\n{body}{end}</b:Run>\n'
        path.write_text(text, encoding="utf-8")


def _fields(record: Mapping[str, str]) -> str:
    return "".join(f"<b:{name}>{escape(value)}</b:{name}>" for name, value in record.items())


RUN_FILES = XmlFiles()
