"""Control totals of run files: the settings all run sources share, the sidecar, and the counting."""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, field_validator

from xconnector.contract.errors import PermanentError
from xconnector.contract.source import ControlTotals
from xconnector.domain.record_path import PathError, items_of, parse_path, text_of
from xconnector.domain.strict_json import Json, StrictJsonError, read_json

_SIDECAR_LIMIT = 65_536
_CHUNK = 1 << 20


class ControlKind(StrEnum):
    """Where the maker of a file declares what it holds."""

    NONE = "none"
    """Nowhere: the file is taken as it is."""
    TRAILER = "trailer"
    """In its last record."""
    SIDECAR = "sidecar"
    """In `<file>.control.json` beside it."""


class ControlSettings(BaseModel):
    """What is declared, and where."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    kind: ControlKind = ControlKind.NONE
    """Where the totals are declared: `none`, `trailer` or `sidecar`."""
    sums: tuple[str, ...] = ()
    """Paths of the fields whose sums are declared."""
    marker: str = "TRAILER"
    """What the trailer is known by: first cell (CSV) or name of the element (XML), in capitals or not."""
    decimal_mark: Literal[".", ","] = "."
    """Decimal mark of the summed amounts; the other one groups thousands."""

    @field_validator("sums")
    @classmethod
    def _paths(cls, sums: tuple[str, ...]) -> tuple[str, ...]:
        for path in sums:
            parse_path(path)
        return sums


class Tally:
    """Counts records and adds up their controlled fields."""

    def __init__(self, settings: ControlSettings) -> None:
        self._mark = settings.decimal_mark
        self._paths = {name: parse_path(name) for name in settings.sums}
        self._records = 0
        self._sums = dict.fromkeys(settings.sums, Decimal(0))

    def add(self, data: Mapping[str, Any] | None) -> None:
        """Count one record; an amount that is none, or a record without data, adds nothing to the sums."""
        self._records += 1
        if data is None:
            return
        for name, path in self._paths.items():
            # A record of another shape adds nothing: the sums then show the difference.
            with suppress(PathError):
                for value in items_of(path.of(data)):
                    self._sums[name] += amount_of(value, self._mark) or 0

    def totals(self) -> ControlTotals:
        return ControlTotals(records=self._records, sums=dict(self._sums))


def amount_of(value: Json, decimal_mark: str = ".") -> Decimal | None:
    """Return the amount that a number or text means, exactly; None where it means none."""
    text = text_of(value)
    if text is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return Decimal(text)
    text = text.replace(".", "").replace(",", ".") if decimal_mark == "," else text.replace(",", "")
    try:
        amount = Decimal(text.strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def declared_by(path: Path, where: str, declaration: Json, settings: ControlSettings) -> ControlTotals:
    """Return the totals that a declaration of the shape `{records, sums}` holds.

    Raises PermanentError naming the file and what is missing.
    """
    content = declaration if isinstance(declaration, dict) else {}
    records = text_of(content.get("records"))
    if records is None or not records.isascii() or not records.isdigit():
        raise PermanentError(f"{path.name}: {where} must hold the number of records as `records`")
    named = content.get("sums") or {}
    if not isinstance(named, dict):
        raise PermanentError(f"{path.name}: {where} must hold its sums as an object")
    sums: dict[str, Decimal] = {}
    for name in settings.sums:
        amount = amount_of(named.get(name), settings.decimal_mark)
        if amount is None:
            raise PermanentError(f"{path.name}: {where} must hold the sum of {name}, such as 1234.50")
        sums[name] = amount
    return ControlTotals(records=int(records), sums=sums)


def read_sidecar(path: Path, settings: ControlSettings) -> ControlTotals:
    """Return what `<file>.control.json` declares, after proving the file's SHA-256 where it names one.

    Raises PermanentError naming the sidecar and the remedy.
    """
    sidecar = path.with_name(f"{path.name}.control.json")
    try:
        content = sidecar.read_bytes()
    except FileNotFoundError:
        raise PermanentError(f"{sidecar.name} is missing: ask for it, or set `control: {{kind: none}}`") from None
    except OSError as unreadable:
        raise PermanentError(f"{sidecar.name} cannot be read: {unreadable.strerror}") from None
    if len(content) > _SIDECAR_LIMIT:
        raise PermanentError(f"{sidecar.name} is larger than {_SIDECAR_LIMIT} bytes; it should hold totals only")
    try:
        declaration = read_json(content)
    except StrictJsonError as wrong:
        raise PermanentError(f"{sidecar.name}: {wrong}") from None
    totals = declared_by(path, sidecar.name, declaration, settings)
    if isinstance(declaration, dict) and "sha256" in declaration:
        _prove_digest(path, sidecar, declaration["sha256"])
    return totals


def _prove_digest(path: Path, sidecar: Path, stated: Json) -> None:
    digest = sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if not isinstance(stated, str) or digest.hexdigest() != stated.lower():
        raise PermanentError(
            f"{path.name} has SHA-256 {digest.hexdigest()}, {sidecar.name} names another: "
            "the file is not the one that was announced; ask its maker for it again"
        )
