"""What the engine's stand-in is told: switches on its command line and in its control file, read as the engine does."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

ONCE = frozenset(
    (
        "RUNMODE", "RUN", "MESSAGEFILE", "XMLMESSAGEFILE", "MESSAGELEVEL", "MSGENCODE", "TIMESTAMP_MESSAGES",
        "REPORTFILE", "REPORT", "RUNSUMMARY", "STOPERROR", "OUTPUTDIRECTORY", "OUTPUTFILE",
        "CREATEOUTPUTSUBDIRECTORIES", "STDDELIVERYFILE", "START", "END", "CUSTOMERLIST", "CUSTOMERLISTFILE", "NTH",
        "RUNDATE", "TRACKIN", "TRACKOUT", "TRACKFILE", "KEY", "KEYFILE", "LICENSE_WAIT", "ONDEMAND", "DDAOUTPUT",
        "CONNECTORMAP", "SORTDATA", "SORTINDEX", "SORTINDEXLENGTH", "SORTID", "POSTSORTQUEUE", "DISABLESORT",
        "CONTROLFILE", "CONTROLFILEENCODING", "MAILMARK", "WRITEOUTPUTHEADER",
    )
)  # fmt: skip
"""Switches that may be given once."""
REPEATED = frozenset(("PACKAGEFILE", "FILEMAP", "VARSET", "MSG", "DDAFILEMAP", "APP_PACKAGEFILES", "SETQUEUEINSERTER"))
_WORDS = {
    "RUNMODE": {"PRODUCTION", "LOCAL"},
    "RUN": {"COMPOSE", "CONTENT", "DATA", "INSERTER", "SELECT", "RESOURCES"},
    "MESSAGELEVEL": {"INFO", "WARNING", "ERROR"},
    "REPORT": {"CUSTOMER", "DETAIL", "NONE", "SUMMARY"},
    "STOPERROR": {"SEVERE", "ERROR", "WARNING"},
    "TRACKIN": {"DB", "DISABLE", "ERROR"},
    "TRACKOUT": {"NONE", "FILE", "DB", "FILE_DELAYED_LOAD"},
    "MSGENCODE": {"UTF16", "UTF8", "ISO88591", "ISO88592", "SINGLEBYTE"},
}
_CONTROL_FILE_CODECS = {"ISO88592": "iso8859_2", "ISO88591": "latin-1", "UTF8": "utf-8"}


class WrongSwitchError(Exception):
    """A switch that the engine does not take; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Switches:
    """All that one start of the engine was told."""

    told: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def one(self, name: str, default: str = "") -> str:
        """Return the value of a switch that is given once."""
        return self.told.get(name, [default])[0]

    def path(self, name: str) -> Path | None:
        """Return the path that a switch names."""
        return Path(self.one(name)) if self.one(name) else None

    def file(self, symbol: str) -> Path | None:
        """Return the file behind a symbolic name; of several, the last."""
        mapped = [
            path for name, _, path in (value.partition(",") for value in self.told.get("FILEMAP", ())) if name == symbol
        ]
        return Path(mapped[-1]) if mapped else None

    def takes(self, number: int) -> bool:
        """Say whether the customer at this place of the driver is to be composed."""
        listed = self.one("CUSTOMERLIST")
        within = int(self.one("START", "1")) <= number <= int(self.one("END", str(number)))
        return within and (not listed or any(first <= number <= last for first, last in _ranges(listed)))

    @property
    def is_targeted(self) -> bool:
        """Whether single customers are asked for."""
        return "CUSTOMERLIST" in self.told


def read_switches(arguments: Sequence[str]) -> Switches:
    """Return what the command line and the control file that it names say. Raises WrongSwitchError."""
    switches = Switches()
    _take(switches, arguments)
    if control_file := switches.path("CONTROLFILE"):
        _take(switches, _lines(control_file, switches.one("CONTROLFILEENCODING", "ISO88592")))
    _check(switches)
    return switches


def _lines(control_file: Path, encoding: str) -> Iterator[str]:
    if encoding not in _CONTROL_FILE_CODECS:
        raise WrongSwitchError("CONTROLFILEENCODING names no encoding")
    try:
        text = control_file.read_text(_CONTROL_FILE_CODECS[encoding])
    except (OSError, UnicodeDecodeError):
        raise WrongSwitchError("the control file cannot be read") from None
    yield from (line for line in text.splitlines() if line.strip())


def _take(switches: Switches, spelled: Iterable[str]) -> None:
    for one in spelled:
        name, _, value = one.strip().removeprefix("-").partition("=")
        name = name.upper()
        if not one.startswith("-") or name not in ONCE | REPEATED:
            raise WrongSwitchError(f"{name[:40]} is no switch")
        if name in ONCE and name in switches.told:
            raise WrongSwitchError(f"{name} is given twice")
        switches.told.setdefault(name, []).append(value)


def _check(switches: Switches) -> None:
    for name, words in _WORDS.items():
        if name in switches.told and switches.one(name) not in words:
            raise WrongSwitchError(f"{name} takes one of {', '.join(sorted(words))}")
    if "PACKAGEFILE" not in switches.told:
        raise WrongSwitchError("PACKAGEFILE is missing")
    if any("," not in value for value in switches.told.get("FILEMAP", ())):
        raise WrongSwitchError("FILEMAP takes a symbolic name and a path")
    try:
        _ranges(switches.one("CUSTOMERLIST", "1"))
        datetime.strptime(switches.one("RUNDATE", "01/01/2026"), "%m/%d/%Y")  # noqa: DTZ007 - a day, not a moment
        _ranges(switches.one("START", "1") + "-" + switches.one("END", "1"))
    except ValueError:
        raise WrongSwitchError("CUSTOMERLIST, START, END or RUNDATE has a value that is none") from None


def _ranges(listed: str) -> list[tuple[int, int]]:
    parts = [part.partition("-") for part in listed.split(",")]
    return [(int(first), int(last or first)) for first, _, last in parts]
