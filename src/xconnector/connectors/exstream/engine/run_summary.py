"""The run summary: one line that the engine writes at its end (S2, [D*]); how it is laid out nobody promises."""

import re
from dataclasses import dataclass

DEFAULT_LAYOUT = r"(?P<customers>\d+)\D+(?P<pages>\d+)\D+(?P<errors>\d+)\D+(?P<return_code>\d+)"
"""Customers, pages, errors and return code in this sequence, whatever stands between them [G]."""

_FIELDS = ("customers", "pages", "errors", "return_code")
_LONGEST = 4000
_MOST_DIGITS = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """What the engine counted; None where its summary does not say."""

    customers: int | None = None
    pages: int | None = None
    errors: int | None = None
    return_code: int | None = None

    def detail(self) -> dict[str, str]:
        """Return what is known, as the ledger keeps it."""
        named = {"customers": self.customers, "pages": self.pages, "errors": self.errors}
        return {name: str(value) for name, value in named.items() if value is not None}


def read_run_summary(content: bytes, layout: str = DEFAULT_LAYOUT) -> RunSummary:
    """Return what a summary says; one that does not fit the layout says nothing."""
    found = re.search(layout, _text(content[:_LONGEST]))
    counted = {name: value for name, value in (found.groupdict() if found else {}).items() if name in _FIELDS}
    return RunSummary(**{name: _number(value) for name, value in counted.items()})


def checked_layout(layout: str) -> str:
    """Return the layout. Raises ValueError where it is no regular expression, or names nothing that is counted."""
    try:
        names = re.compile(layout).groupindex
    except re.error:
        raise ValueError("this is no regular expression") from None
    if not names or not set(names) <= set(_FIELDS):
        raise ValueError(f"name the groups of the expression: {', '.join(_FIELDS)}")
    return layout


def _number(value: str | None) -> int | None:
    digits = (value or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS else None


def _text(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    # Numbers stay numbers when every second byte is a zero that is left out.
    return content.replace(b"\0", b"").decode("latin-1")
