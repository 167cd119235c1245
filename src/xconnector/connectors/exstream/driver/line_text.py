"""Text that stands on one line: what breaks lines or disturbs columns does not get through."""

import re
from collections.abc import Callable
from typing import Literal, TypeAlias

from xconnector.connectors.exstream.driver.refusal import RefusedError

LineEnd: TypeAlias = Literal["lf", "crlf", "nel", "none"]
LINE_ENDS: dict[LineEnd, str] = {"lf": "\n", "crlf": "\r\n", "nel": "\x85", "none": ""}

Tidy: TypeAlias = Callable[[str, str], str]
"""Returns text as it may stand on a line. Raises RefusedError naming the path, which is the second argument."""

# All signs at which some reader of lines begins a new one, U+001C to U+001E among the rest.
is_notable = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search
"""Finds what may not stand on a line as it is; clears nearly every text at once."""
_BREAK = re.compile("\r\n|[\n\r\x0b\x0c\x85\u2028\u2029\t]")


def refuse_breaks(text: str, name: str) -> str:
    """Return text that has neither line breaks nor control characters."""
    if is_notable(text) is None:
        return text
    if _BREAK.search(text) is not None:
        raise RefusedError(name, "has a line break or tab: write `line_breaks: blank` to put a space there")
    raise _control_character(name)


def blank_breaks(text: str, name: str) -> str:
    """Return text with a space for each line break and tab."""
    if is_notable(text) is None:
        return text
    return refuse_breaks(_BREAK.sub(" ", text), name)


def keep_breaks(text: str, name: str) -> str:
    """Return text whose line breaks and tabs stay, for whoever quotes it."""
    if is_notable(text) is not None and is_notable(_BREAK.sub("", text)) is not None:
        raise _control_character(name)
    return text


def _control_character(name: str) -> RefusedError:
    return RefusedError(name, "has a control character: have its source remove it")
