"""Mail addresses in texts that others wrote: fields of reports, and prose."""

import re

_ADDRESS = re.compile(
    r"[^\s<>()\[\]{},;:\"'@|*=]{1,64}+@(?:[\w-]{1,63}\.){1,10}+[\w-]{2,63}+(?!\.?[\w-])|"
    r"[^\s<>()\[\]{},;:\"'@|*=]{1,64}+@[\w-]{1,63}+(?![\w.-]*@)"
)
_KINDS = re.compile(
    r"^\s*(?:rfc-?822|utf-8|utf-8-\w+|smtp|unknown|x-unknown|internet|lmtp|dns|x-\w+)\s*;", re.IGNORECASE
)
_CODE_POINT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")
_HIGHEST_CODE_POINT = 0x10FFFF
_HALVES = range(0xD800, 0xE000)
"""Of surrogate pairs: no signs by themselves."""
_LONGEST = 4 * 1024


def addresses_in(text: str) -> list[str]:
    """Return the addresses of a text, in their order, each once."""
    return list(dict.fromkeys(found[0].rstrip(".") for found in _ADDRESS.finditer(text)))


def address_of_field(value: str) -> str | None:
    """Return the address that a report's field names, such as `rfc822; anna@example.test`; None where it is none."""
    bare = _KINDS.sub("", value[:_LONGEST]).strip()
    bare = _CODE_POINT.sub(_character, bare)
    found = addresses_in(bare)
    return found[0] if found else None


def _character(found: re.Match[str]) -> str:
    """Read how RFC 6533 writes signs beyond ASCII where a mail must do without them."""
    code = int(found[1], 16)
    return chr(code) if code <= _HIGHEST_CODE_POINT and code not in _HALVES else ""
