"""JSON drivers: one object for each customer."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Literal, Self, TypeAlias, cast

import msgspec
from pydantic import model_validator

from xconnector.connectors.exstream.driver.charset import UnicodeEncoding, charset
from xconnector.connectors.exstream.driver.fields import DriverField, Fields, has_path
from xconnector.connectors.exstream.driver.form import DriverForm, Write
from xconnector.connectors.exstream.driver.leaves import leaves_of
from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import full_path, look_of
from xconnector.connectors.exstream.naming import Word
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.record_path import items_of, parse_path
from xconnector.domain.strict_json import Json

_Make: TypeAlias = Callable[[Json, Json], Json]
"""Makes what a field holds, from an item and the top of the data."""

_ENCODER = msgspec.json.Encoder()
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]").search
_ESCAPED = re.compile(rb"\\(?:u00|[bf])").search
"""How JSON spells them."""


class JsonDriver(ConnectorSettings):
    """JSON: one object for each customer."""

    format: Literal["json"] = "json"
    encoding: UnicodeEncoding = "utf-8"
    """How characters become bytes."""
    customers: Literal["array", "lines"] = "array"
    """How many customers stand in one file: as items of an array, or one a line."""
    root: Word | None = None
    """Under this name the array stands in an object; left out: the array is the file."""
    single: Literal["object", "file"] = "object"
    """What on-demand gets: the customer's object alone, or a file of many with this one."""
    fields: Fields | None = None
    """What the design expects, by name; left out: the data of the communication as it is."""
    absent: Literal["null", "left_out"] = "null"
    """What becomes of a field for which there is nothing."""

    @model_validator(mode="after")
    def _root_holds_an_array(self) -> Self:
        if self.root is not None and self.customers == "lines":
            raise ValueError("`root` holds an array: leave it out, or write `customers: array`")
        return self

    def carries(self, path: str) -> bool:
        """Say whether what stands at a path of the data is written whole for each customer."""
        return has_path(self.fields, path)

    @cached_property
    def form(self) -> DriverForm:
        """The layout, ready to be written by."""
        return _form(self)


def _form(layout: JsonDriver) -> DriverForm:
    used = charset(layout.encoding)
    write = _write_of(layout)
    opening, separator, closing = [used.encode(text) for text in _arrangement(layout)]

    def single(data: Mapping[str, Any]) -> bytes:
        written = write(data)
        return used.mark + (written if layout.single == "object" else opening + written + closing)

    return DriverForm(
        media_type="application/json",
        opening=used.mark + opening,
        separator=separator,
        closing=closing,
        customer=write,
        single=single,
    )


def _arrangement(layout: JsonDriver) -> tuple[str, str, str]:
    """Return what stands before, between and after the customers."""
    if layout.customers == "lines":
        return "", "\n", "\n"
    if layout.root is None:
        return "[", ",\n", "]\n"
    return f"{{{_ENCODER.encode(layout.root).decode()}:[", ",\n", "]}\n"


def _write_of(layout: JsonDriver) -> Write:
    make = _whole if layout.fields is None else _object_of(layout.fields, leave_out=layout.absent == "left_out")
    recode = charset(layout.encoding).encode if layout.encoding.startswith("utf-16") else None

    def write(data: Mapping[str, Any]) -> bytes:
        made = make(cast("Json", data), cast("Json", data))
        try:
            written = _ENCODER.encode(made)
        except UnicodeEncodeError:
            raise RefusedError(_broken_text(made), "has half of a surrogate pair, which is no character") from None
        # They are legal in JSON and in no document: refused here, it is known whose data holds them.
        if _ESCAPED(written) and (path := _with_control_character(made)) is not None:
            raise RefusedError(path, "has a control character: have its source remove it")
        return written if recode is None else recode(written.decode())

    return write


def _whole(data: Json, _root: Json) -> Json:
    return data


def _object_of(fields: Mapping[str, DriverField], within: str = "", *, leave_out: bool) -> _Make:
    made = [(name, _make_of(field, within, leave_out=leave_out)) for name, field in fields.items()]
    if leave_out:
        return lambda item, root: {name: found for name, make in made if (found := make(item, root)) is not None}
    return lambda item, root: {name: make(item, root) for name, make in made}


def _make_of(field: DriverField, within: str, *, leave_out: bool) -> _Make:
    if field.each is not None:
        walk, inside = parse_path(field.each).walk, f"{full_path(field.each, within)}[*]"
        inner = _whole if field.fields is None else _object_of(field.fields, inside, leave_out=leave_out)
        return lambda item, root: [inner(one, root) for one in items_of(walk(item, root))]
    if field.fields is not None:
        return _object_of(field.fields, within, leave_out=leave_out)
    return look_of(field, within)


def _with_control_character(made: Json) -> str | None:
    """Return the path of a text with a control character other than tabs and line breaks."""
    return next((path for path, leaf in leaves_of(made, "") if isinstance(leaf, str) and _CONTROL(leaf)), None)


def _broken_text(made: Json) -> str:
    """Return the path of a text that is none."""
    utf_8 = charset("utf-8")
    broken = (path for path, leaf in leaves_of(made, "") if isinstance(leaf, str) and not utf_8.has(leaf))
    return next(broken, "a name in the data")
