"""Text of driver files in any encoding that layouts name, decoded as it comes."""

import codecs
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from xconnector.sandbox.exstream.unreadable import UnreadableDriverError

_PYTHON_NAMES: Mapping[str, str] = {
    "utf-8": "utf-8-sig",
    "utf-8-bom": "utf-8-sig",
    "windows-1250": "cp1250",
    "windows-1252": "cp1252",
    "cp1141": "cp273",
    "cp1148": "cp500",
    "cp1047": "cp037",
}
_OTHER_CHARACTERS: Mapping[str, Mapping[int, str]] = {
    "cp1141": {0x9F: "€"},
    "cp1148": {0x9F: "€"},
    "cp1047": {0x5F: "^", 0xB0: "¬", 0xAD: "[", 0xBD: "]", 0xBA: "Ý", 0xBB: "¨"},
}
"""Code pages that Python lacks are others with a few bytes that mean something else."""
_READ_AT_ONCE = 256 * 1024
_LONGEST_LINE = 16 * 1024 * 1024


def texts(driver: BinaryIO, encoding: str) -> Iterator[str]:
    """Yield the text of a driver piece by piece, without its byte order mark. Raises UnreadableDriverError."""
    name = _PYTHON_NAMES.get(encoding, encoding)
    decoder = codecs.getincrementaldecoder(name)()
    meant = {ord(bytes([byte]).decode(name)): sign for byte, sign in _OTHER_CHARACTERS.get(encoding, {}).items()}
    is_first = True
    while True:
        chunk = driver.read(_READ_AT_ONCE)
        try:
            text = decoder.decode(chunk, not chunk)
        except UnicodeDecodeError:
            raise UnreadableDriverError(f"the driver is not in {encoding}") from None
        if is_first and text:
            text, is_first = text.removeprefix("\ufeff"), False
        yield text.translate(meant) if meant else text
        if not chunk:
            return


def lines(driver: BinaryIO, encoding: str, end: str) -> Iterator[str]:
    """Yield each line without its end; the last one may lack it. Raises UnreadableDriverError."""
    rest = ""
    for text in texts(driver, encoding):
        *whole, rest = (rest + text).split(end)
        yield from whole
        if len(rest) > _LONGEST_LINE:
            raise UnreadableDriverError("a record of the driver does not end")
    if rest:
        yield rest
