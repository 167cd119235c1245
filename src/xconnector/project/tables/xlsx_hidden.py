"""What a reader of a workbook does not see although it is there: hidden rows and columns, and those without size."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers.expat import ParserCreate

_NO = frozenset({"", "0", "false"})


@dataclass(frozen=True, slots=True)
class Hidden:
    """Rows and columns of a sheet that nobody sees, from 1."""

    rows: set[int] = field(default_factory=set[int])
    columns: list[range] = field(default_factory=list[range])

    def has_column(self, number: int) -> bool:
        return any(number in span for span in self.columns)


def hidden_in(sheet: bytes) -> Hidden:
    """Return what is hidden in the XML of a sheet that was proven before."""
    hidden = Hidden()
    row = 0

    def begin(spelled: str, attributes: Mapping[str, str]) -> None:
        nonlocal row
        match spelled.rpartition(" ")[2]:
            case "row":
                row = int(attributes.get("r", row + 1))
                if _is_hidden(attributes, "ht"):
                    hidden.rows.add(row)
            case "col" if _is_hidden(attributes, "width"):
                hidden.columns.append(range(int(attributes["min"]), int(attributes["max"]) + 1))
            case _:
                pass

    parser = ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = begin
    parser.Parse(sheet, True)  # noqa: FBT003 - named in no other way
    return hidden


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    return attributes.get("hidden", "") not in _NO or float(attributes.get(size, "1")) == 0
