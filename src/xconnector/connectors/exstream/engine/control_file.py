"""The control file: what the engine is told, one `-SWITCH=value` a line (S2, [D*])."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from xconnector.contract.errors import MisconfiguredError

ControlFileEncoding = Literal["ISO88592", "ISO88591", "UTF8"]
"""How the control file is written, by the engine's own words for it; ISO88592 is its default (S2, [D*])."""

ENCODING_SWITCH = "CONTROLFILEENCODING"
FILE_SWITCH = "CONTROLFILE"
_CODECS = {"ISO88592": "iso8859_2", "ISO88591": "latin-1", "UTF8": "utf-8"}
_UNWRITTEN = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_EXTRA = re.compile(r"-?(?P<name>[A-Za-z][A-Za-z0-9_]{0,63})(?:=(?P<value>.*))?", re.DOTALL)
_POSITIONS = re.compile(r"[1-9][0-9]*(-[1-9][0-9]*)?")


class Switch(StrEnum):
    """The switches that are ours to set."""

    PACKAGE_FILE = "PACKAGEFILE"
    FILE_MAP = "FILEMAP"
    RUN_MODE = "RUNMODE"
    RUN = "RUN"
    MESSAGE_FILE = "MESSAGEFILE"
    MESSAGE_ENCODING = "MSGENCODE"
    MESSAGE_LEVEL = "MESSAGELEVEL"
    TIMESTAMP_MESSAGES = "TIMESTAMP_MESSAGES"
    REPORT_FILE = "REPORTFILE"
    REPORT = "REPORT"
    RUN_SUMMARY = "RUNSUMMARY"
    STOP_ERROR = "STOPERROR"
    OUTPUT_DIRECTORY = "OUTPUTDIRECTORY"
    DELIVERY_FILE = "STDDELIVERYFILE"
    CUSTOMER_LIST = "CUSTOMERLIST"
    START = "START"
    END = "END"
    VARIABLE = "VARSET"
    RUN_DATE = "RUNDATE"
    TRACK_IN = "TRACKIN"
    TRACK_OUT = "TRACKOUT"
    KEY = "KEY"
    KEY_FILE = "KEYFILE"


_NEVER_EXTRA = {FILE_SWITCH, ENCODING_SWITCH, "ONDEMAND", "CUSTOMERLISTFILE", "NTH", "OUTPUTFILE"}
"""What would read another control file, or change which customers are composed, or where to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One switch and its value; never shown, since one of them is the licence's key."""

    switch: str
    value: str | None = field(repr=False)


def line(switch: Switch, value: str) -> Line:
    """Return the line that sets a switch.

    Raises MisconfiguredError where the value would not stay on its line.
    """
    if _UNWRITTEN.search(value):
        raise MisconfiguredError(f"the value of -{switch} holds a line break or a control character: take it out")
    return Line(switch=switch, value=value)


def extra_line(spelled: str) -> Line:
    """Return the line of a switch that the shop sets itself, spelled `NAME=value` or `NAME`.

    Raises ValueError where it is none, or where the switch is ours to set.
    """
    found = _EXTRA.fullmatch(spelled)
    if found is None or _UNWRITTEN.search(spelled):
        raise ValueError("write a switch as NAME=value on one line, such as MSG=3004,E,3")
    name = found["name"].upper()
    if name in set(Switch) | _NEVER_EXTRA:
        raise ValueError(f"the switch {name} is set by the connection itself; see its other settings")
    return Line(switch=name, value=found["value"])


def written(lines: Iterable[Line], encoding: ControlFileEncoding) -> bytes:
    """Return the content of the control file.

    Raises MisconfiguredError naming the switch whose value the encoding cannot write, never the value.
    """
    return b"".join(_encoded(one, encoding) for one in lines)


def on_the_command_line(control_file: str, encoding: ControlFileEncoding) -> list[str]:
    """Return the arguments that lead the engine to its control file; nothing else stands in the process list."""
    told = [f"-{ENCODING_SWITCH}={encoding}"] if encoding != "ISO88592" else []
    return [*told, f"-{FILE_SWITCH}={control_file}"]


def customer_list(positions: Sequence[int]) -> str:
    """Return positions as the engine reads them, counted from 1, in rising sequence: `2,7,14-50`."""
    ranges: list[tuple[int, int]] = []
    for position in sorted(set(positions)):
        if ranges and ranges[-1][1] == position - 1:
            ranges[-1] = (ranges[-1][0], position)
        else:
            ranges.append((position, position))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def positions_in(listed: str) -> list[int]:
    """Return the positions that a list names, in rising sequence. Raises ValueError where it is none."""
    positions: set[int] = set()
    for part in listed.split(","):
        if not _POSITIONS.fullmatch(part.strip()):
            raise ValueError("write positions such as 2,7,14-50")
        first, _, last = part.strip().partition("-")
        positions.update(range(int(first), int(last or first) + 1))
    return sorted(positions)


def _encoded(one: Line, encoding: ControlFileEncoding) -> bytes:
    spelled = f"-{one.switch}" if one.value is None else f"-{one.switch}={one.value}"
    try:
        return f"{spelled}\n".encode(_CODECS[encoding])
    except UnicodeEncodeError:
        raise MisconfiguredError(
            f"the value of -{one.switch} has letters that {encoding} cannot write: set `control_file_encoding`"
        ) from None
