"""JSON drivers: one object for each customer."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Literal

import msgspec
from pydantic import model_validator

from xconnector.connectors.exstream.driver.form import DriverForm
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.strict_json import Json

_ENCODER = msgspec.json.Encoder()


class JsonDriver(ConnectorSettings):
    """JSON: one object for each customer."""

    format: Literal["json"] = "json"
    customers: Literal["array", "lines"] = "array"
    """How many customers stand in one file: as items of an array, or one a line. On demand, one stands alone."""
    root: Word | None = None
    """Under this name the array stands in an object; left out: the array is the file."""

    @model_validator(mode="after")
    def _root_holds_an_array(self) -> "JsonDriver":
        if self.root is not None and self.customers == "lines":
            raise ValueError("`root` holds an array: leave it out, or write `customers: array`")
        return self

    @cached_property
    def form(self) -> DriverForm:
        """The layout, ready to be written by."""
        opening, separator, closing = _arrangement(self)
        return DriverForm(
            media_type="application/json",
            opening=opening,
            separator=separator,
            closing=closing,
            customer=_write,
            single=_write,
        )


def _arrangement(layout: JsonDriver) -> tuple[bytes, bytes, bytes]:
    if layout.customers == "lines":
        return b"", b"\n", b"\n"
    if layout.root is None:
        return b"[", b",\n", b"]\n"
    return b"{" + _ENCODER.encode(layout.root) + b":[", b",\n", b"]}\n"


def _write(data: Mapping[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(dict(data))
    except UnicodeEncodeError:
        broken = next((path for path, text in _texts(dict(data), "") if not _is_unicode(text)), "the data")
        raise RefusedError(broken, "has half of a surrogate pair, which is no character") from None


def _texts(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """Yield every text with its path."""
    match value:
        case str():
            yield path, value
        case dict():
            for name, item in value.items():
                yield from _texts(item, f"{path}.{name}" if path else name)
        case list():
            for number, item in enumerate(value):
                yield from _texts(item, f"{path}[{number}]")
        case _:
            return


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
