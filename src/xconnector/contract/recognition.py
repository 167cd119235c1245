"""Knowing a file by its beginning, where nobody says what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

HEAD = 65_536
"""How many bytes a recognition is shown, at most: a file is known by these or not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedFile:
    """What a file seems to be."""

    format: str
    """One of the recognition's formats."""
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    """With which the connector reads it; the key is left to whoever maps the records."""
    is_certain: bool = True
    """Whether the file says itself what it is; otherwise it only looks like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """How a source of runs knows the files that it can read."""

    formats: Mapping[str, str]
    """What it knows, each with a few words for people."""
    recognise: Callable[[bytes], RecognisedFile | None]
    """Called with the first bytes of a file, at most `HEAD`; never raises, whatever they are."""
