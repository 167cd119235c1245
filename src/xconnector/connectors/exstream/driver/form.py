"""How a driver file is put together, once its layout has been read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Write: TypeAlias = Callable[[Mapping[str, Any]], bytes]
"""Writes the data of one customer. Raises RefusedError, or PathError, naming the path and no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverForm:
    """A layout, ready to be written by."""

    media_type: str
    opening: bytes
    """Before the first customer."""
    separator: bytes
    """Between two customers."""
    closing: bytes
    """After the last customer."""
    customer: Write
    """One customer among others."""
    single: Write
    """A whole file of one customer, as on-demand gets it."""
