"""Addresses of kept documents: what names a document, and nothing that could name another file."""

import re
from dataclasses import dataclass

from xconnector.contract.errors import PermanentError

_SINGLE = re.compile(r"sha256:(?P<sha256>[0-9a-f]{64})", re.ASCII)
_PACKED = re.compile(
    r"pack:(?P<pack>[0-9a-f]{64}):(?P<offset>\d{1,15}):(?P<length>\d{1,15}):(?P<sha256>[0-9a-f]{64})", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleAddress:
    """A document that is a file of its own."""

    sha256: str

    def __str__(self) -> str:
        return f"sha256:{self.sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedAddress:
    """A document within a pack."""

    pack: str
    """SHA-256 of the pack's index."""
    offset: int
    length: int
    """In bytes, like the offset."""
    sha256: str

    def __str__(self) -> str:
        return f"pack:{self.pack}:{self.offset}:{self.length}:{self.sha256}"


def parse_address(address: str) -> SingleAddress | PackedAddress:
    """Return what an address says. Raises PermanentError for one that this archive never gave."""
    if found := _SINGLE.fullmatch(address):
        return SingleAddress(sha256=found["sha256"])
    if found := _PACKED.fullmatch(address):
        return PackedAddress(
            pack=found["pack"], offset=int(found["offset"]), length=int(found["length"]), sha256=found["sha256"]
        )
    raise PermanentError("this is no address of a content archive; was it kept by another connection?")
