"""What a connection to a folder needs to know."""

from pathlib import Path
from string import Formatter
from typing import Annotated

from pydantic import Field, field_validator

from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.document import RenditionKind
from xconnector.domain.routing.plan import Medium

WORDS = ("dispatch_key", "communication_id", "communication", "customer_key", "run", "language", "country", "rendition")
"""What a name may be made of."""


class FolderSettings(ConnectorSettings):
    """A folder, what is written there, and under which names."""

    folder: Path
    """Where files are written; it must be there. Relative to the project."""
    medium: Medium
    """By which way whoever empties the folder reaches people: laws, consents, and the tables of the project speak of
    it."""
    takes: Annotated[frozenset[RenditionKind], Field(min_length=1)] = frozenset({RenditionKind.LETTER})
    """The renditions that are written: letter, email, sms, push."""
    names: Annotated[str, Field(max_length=300)] = "{dispatch_key}-{rendition}"
    """Name of each file without its ending, with `/` for folders below, made of {dispatch_key}, {communication_id},
    {communication}, {customer_key}, {run}, {language}, {country}, and {rendition}; the first and the last in any case,
    so that no two files have one name."""
    sidecar: bool = True
    """Whether a JSON file follows that says who gets what; its {rendition} is `about`. It is written last, so that
    whoever waits for it finds the documents whole."""

    @field_validator("names")
    @classmethod
    def _stay_apart_and_inside(cls, names: str) -> str:
        try:
            parts = list(Formatter().parse(names))
        except ValueError:
            raise ValueError("a brace is not closed") from None
        used = {word for _, word, _, _ in parts if word is not None}
        if used - {*WORDS} or any(spec or conversion for _, _, spec, conversion in parts):
            raise ValueError(f"a name is made of {', '.join(f'{{{word}}}' for word in WORDS)}")
        if not {"dispatch_key", "rendition"} <= used:
            raise ValueError("a name holds {dispatch_key} and {rendition}, so that no two files have one name")
        if not names.isprintable() or "\\" in names or names.startswith("/") or names.endswith("/"):
            raise ValueError("a name is one line of visible characters, and begins below the folder")
        if any(part.strip(".") == "" for part in names.split("/")):
            raise ValueError("a name has no empty part, and none of dots alone")
        return names
