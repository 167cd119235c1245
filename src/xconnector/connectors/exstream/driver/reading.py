"""Which paths of the data a driver is made of, and where its layout says so."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeAlias

from xconnector.connectors.exstream.driver.fields import DriverField
from xconnector.connectors.exstream.driver.json_driver import JsonDriver
from xconnector.connectors.exstream.driver.layout import DriverLayout
from xconnector.connectors.exstream.driver.value import full_path
from xconnector.connectors.exstream.driver.xml_driver import XmlDriver

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indexes that lead to something in a design file."""


class _Placed(Protocol):
    @property
    def path(self) -> str | None: ...


class _Record(Protocol):
    @property
    def each(self) -> str | None: ...
    @property
    def fields(self) -> Sequence[_Placed]: ...
    @property
    def records(self) -> "Sequence[_Record]": ...


def paths_read_by(driver: DriverLayout) -> Iterator[tuple[Place, str]]:
    """Yield every path from the top of the data, behind the place in the layout that names it."""
    if isinstance(driver, JsonDriver | XmlDriver):
        yield from _of_fields(driver.fields or {}, ("fields",), "")
    else:
        yield from _of_records(driver.records, ("records",), "")


def _of_fields(fields: Mapping[str, DriverField], place: Place, within: str) -> Iterator[tuple[Place, str]]:
    for name, field in fields.items():
        at, inside = (*place, name), within
        if field.path is not None:
            yield (*at, "path"), full_path(field.path, within)
        if field.each is not None:
            yield (*at, "each"), full_path(field.each, within)
            inside = _item(field.each, within)
        yield from _of_fields(field.fields or {}, (*at, "fields"), inside)


def _of_records(records: Sequence[_Record], place: Place, within: str) -> Iterator[tuple[Place, str]]:
    for number, record in enumerate(records):
        at, inside = (*place, number), within
        if record.each is not None:
            yield (*at, "each"), full_path(record.each, within)
            inside = _item(record.each, within)
        for column, field in enumerate(record.fields):
            if field.path is not None:
                yield (*at, "fields", column, "path"), full_path(field.path, inside)
        yield from _of_records(record.records, (*at, "records"), inside)


def _item(each: str, within: str) -> str:
    return f"{full_path(each, within)}[*]"
