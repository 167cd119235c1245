"""Encodings of driver files: a closed list, EBCDIC of mainframes included."""

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeAlias

UnicodeEncoding: TypeAlias = Literal["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be"]
"""Encodings of all characters; those of UTF-16 begin with a byte order mark."""
AsciiEncoding: TypeAlias = Literal[
    "us-ascii", "iso-8859-1", "iso-8859-2", "iso-8859-15", "windows-1250", "windows-1252", "cp850"
]
"""Encodings of one byte a character that agree on ASCII."""
EbcdicEncoding: TypeAlias = Literal["cp037", "cp273", "cp500", "cp1047", "cp1140", "cp1141", "cp1148"]
"""EBCDIC: American, German, international, Unix services, and the first three with a euro sign."""
Encoding: TypeAlias = Literal[UnicodeEncoding, AsciiEncoding, EbcdicEncoding]

_PLAIN: Mapping[str, str] = {"utf-8-bom": "utf-8", "windows-1250": "cp1250", "windows-1252": "cp1252"}
"""What Python calls an encoding, where that is another name."""
_MARKS = {"utf-8-bom": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
_DERIVED: Mapping[str, tuple[str, Mapping[int, str]]] = {
    "cp1141": ("cp273", {0x9F: "€"}),
    "cp1148": ("cp500", {0x9F: "€"}),
    "cp1047": ("cp037", {0x5F: "^", 0xB0: "¬", 0xAD: "[", 0xBD: "]", 0xBA: "Ý", 0xBB: "¨"}),
}
"""Code pages that Python lacks: another one, and the bytes that mean something else there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charset:
    """An encoding, ready to be used."""

    name: Encoding
    mark: bytes
    """Byte order mark at the beginning of a file; empty where there is none."""
    encode: Callable[[str], bytes]
    """Raises UnicodeEncodeError for what the encoding does not have."""

    @property
    def has_one_byte_characters(self) -> bool:
        return not self.name.startswith("utf-")

    def has(self, text: str) -> bool:
        """Say whether a text can be encoded."""
        try:
            self.encode(text)
        except UnicodeEncodeError:
            return False
        return True


@cache
def charset(name: Encoding, *, errors: Literal["strict", "xmlcharrefreplace"] = "strict") -> Charset:
    """Return an encoding by its name in the project."""
    return Charset(name=name, mark=_MARKS.get(name, b""), encode=_encode_to(name, errors))


def _encode_to(name: str, errors: str) -> Callable[[str], bytes]:
    if name in _DERIVED:
        base, differences = _DERIVED[name]
        return _by_table(_table(base, differences), errors)
    encode = codecs.lookup(_PLAIN.get(name, name)).encode
    return lambda text: encode(text, errors)[0]


def _table(base: str, differences: Mapping[int, str]) -> str:
    """Return the character of each byte."""
    characters = list(bytes(range(256)).decode(base))
    for byte, character in differences.items():
        characters[byte] = character
    return "".join(characters)


def _by_table(table: str, errors: str) -> Callable[[str], bytes]:
    mapping = codecs.charmap_build(table)
    return lambda text: codecs.charmap_encode(text, errors, mapping)[0]
