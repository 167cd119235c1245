"""By what a customer's outputs are known again in what Exstream gives back."""

from collections.abc import Mapping
from typing import Any, Protocol

from pydantic import field_validator

from xconnector.connectors.exstream.naming import Word
from xconnector.contract.composer import Order
from xconnector.contract.errors import PermanentError
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import PathError, parse_path, text_of

BY_POSITION = "number"
"""The name of a key that is none: results come by the customer's position in the run."""
_LONGEST = 200


class Key(ConnectorSettings):
    """By what a customer's outputs are known again."""

    name: Word = "CommunicationId"
    """Name of the key in the delivery file; `number` takes the customer's position in the run."""
    path: Word = "communication.id"
    """Where the same value stands in the data of the communication."""

    @field_validator("path")
    @classmethod
    def _well_formed(cls, path: str) -> str:
        return parse_path(path).text


class Keyed(Protocol):
    """A design that says by what its outputs are known again."""

    @property
    def key(self) -> Key: ...


def key_of(design: Keyed, order: Order) -> str | None:
    """Return the key by which the order's outputs will be known, or None where results come by position.

    Raises PermanentError naming template and path where there is no key, or none that could come back unchanged.
    """
    key = design.key
    if key.name == BY_POSITION:
        return None
    found, complaint = _key_at(key.path, order.data)
    if found is None:
        raise PermanentError(
            f"template {order.template!r}: {key.path} {complaint}, "
            f"so Exstream's key {key.name} could not be told apart: see `key:` of its exstream.yaml"
        )
    return found


def _key_at(path: str, data: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the key at a path, or None and what is wrong with it."""
    try:
        text = text_of(parse_path(path).of(data))
    except PathError:
        return None, "leads through a list"
    if not text or text.isspace():
        return None, "is missing"
    if text != text.strip() or not text.isprintable():
        return None, "begins or ends with a space, or has a control character"
    if len(text) > _LONGEST:
        return None, f"has more than {_LONGEST} characters"
    return text, ""
