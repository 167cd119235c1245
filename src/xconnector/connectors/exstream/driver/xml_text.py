"""Text and names in XML 1.0."""

import re
from functools import lru_cache

from xconnector.connectors.exstream.driver.refusal import RefusedError

_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_NAME = f"[{_START}][{_START}" + r"\-.0-9\u00B7\u0300-\u036F\u203F\u2040]*"
_NAMES = re.compile(f"(?:(?P<prefix>{_NAME}):)?{_NAME}")
_PREFIX = re.compile(_NAME)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.\-]")
_NO_START = re.compile(r"[^A-Za-z_]")
is_notable = re.compile('[&<>"\x00-\x1f\ud800-\udfff\ufffe\uffff]').search
"""Finds everything that has to be looked at; clears nearly every text at once."""
_NO_CHARACTER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_IN_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


def element_text(text: str, name: str) -> str:
    """Return text as it stands in an element. Raises RefusedError for what XML cannot hold."""
    return text if is_notable(text) is None else _legal(text, name).translate(_IN_TEXT)


def attribute_text(text: str, name: str) -> str:
    """Return text as it stands between double quotes. Raises RefusedError for what XML cannot hold."""
    return text if is_notable(text) is None else _legal(text, name).translate(_IN_ATTRIBUTE)


def well_formed_name(name: str) -> str:
    """Return the name of an element or attribute. Raises ValueError when XML cannot name anything so."""
    if _NAMES.fullmatch(name) is None:
        raise ValueError("a name in XML begins with a letter or _ and has no spaces")
    return name


def well_formed_prefix(prefix: str) -> str:
    """Return a prefix of names. Raises ValueError when it is none."""
    if _PREFIX.fullmatch(prefix) is None or prefix.lower().startswith("xml"):
        raise ValueError("a prefix in XML begins with a letter or _, but not with xml, and has no colon")
    return prefix


def prefix_of(name: str) -> str | None:
    """Return the prefix with which a well-formed name begins."""
    found = _NAMES.fullmatch(name)
    return found["prefix"] if found else None


@lru_cache(maxsize=4096)
def safe_name(key: str) -> str:
    """Return a name for an element that is made of a key in the data: of ASCII, so that every encoding has it."""
    name = _UNSAFE.sub("_", key)
    return f"_{name}" if not name or _NO_START.match(name) else name


def _legal(text: str, name: str) -> str:
    if _NO_CHARACTER.search(text) is not None:
        raise RefusedError(name, "has a control character that XML cannot hold: have its source remove it")
    return text
