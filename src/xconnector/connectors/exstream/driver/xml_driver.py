"""XML drivers: one element for each customer."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, StringConstraints, model_validator

from xconnector.connectors.exstream.driver.charset import AsciiEncoding, UnicodeEncoding, charset
from xconnector.connectors.exstream.driver.fields import DriverField, Fields, has_path
from xconnector.connectors.exstream.driver.form import DriverForm
from xconnector.connectors.exstream.driver.xml_text import (
    attribute_text,
    prefix_of,
    well_formed_name,
    well_formed_prefix,
)
from xconnector.connectors.exstream.driver.xml_writing import TEXT, XmlStyle, element_of
from xconnector.contract.settings import ConnectorSettings
from xconnector.domain.strict_json import Json

ElementName = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(well_formed_name)]
Prefix = Annotated[str, StringConstraints(min_length=1, max_length=50), AfterValidator(well_formed_prefix)]
Namespace = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\s<>\"&\x00-\x1f]+$")]

_IANA: Mapping[str, str] = {"utf-8-bom": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16", "cp850": "IBM850"}
"""What XML calls an encoding, where that is another name."""


class XmlDriver(ConnectorSettings):
    """XML: one element for each customer."""

    format: Literal["xml"]
    encoding: Literal[UnicodeEncoding, AsciiEncoding] = "utf-8"
    """How characters become bytes; one that the encoding lacks becomes a character reference."""
    root: ElementName = "customers"
    """Name of the document's element."""
    customer: ElementName = "customer"
    """Name of each customer's element."""
    namespace: Namespace | None = None
    """Namespace of all elements without a prefix."""
    namespaces: Mapping[Prefix, Namespace] = {}
    """Namespaces by the prefix with which names of elements and attributes begin."""
    single: Literal["file", "customer"] = "file"
    """What on-demand gets: a file of many with this one, or the customer's element as the document."""
    fields: Fields | None = None
    """What the design expects: an element by its name, an attribute by `@name`, the text beside attributes by
    `#text`; left out: the data of the communication as it is, a list as elements of one name."""
    absent: Literal["empty", "left_out"] = "empty"
    """What becomes of an element or attribute for which there is nothing."""

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [self.root, self.customer, *_names_in(self.fields or {})]
        for name in names:
            prefix = prefix_of(name)
            if prefix is not None and prefix not in {"xml", *self.namespaces}:
                raise ValueError(f"`namespaces` has no prefix {prefix!r}, with which {name} begins")
            if not charset(self.encoding).has(name):
                raise ValueError(f"the encoding {self.encoding} cannot spell the name {name}")
        return self

    def carries(self, path: str) -> bool:
        """Say whether what stands at a path of the data is written whole for each customer."""
        return has_path(self.fields, path)

    @cached_property
    def form(self) -> DriverForm:
        """The layout, ready to be written by."""
        return _form(self)


def _names_in(fields: Mapping[str, DriverField]) -> Iterator[str]:
    """Yield the names of elements and attributes. Raises ValueError for what cannot be one."""
    for name, field in fields.items():
        is_group = field.fields is not None or field.each is not None
        if is_group and (name == TEXT or name.startswith("@")):
            raise ValueError(f"{name} is a single value: it has neither `fields` nor `each`")
        if name != TEXT:
            try:
                yield well_formed_name(name.removeprefix("@"))
            except ValueError as wrong:
                raise ValueError(f"{name}: {wrong}") from None
        yield from _names_in(field.fields or {})


def _form(layout: XmlDriver) -> DriverForm:
    used = charset(layout.encoding)
    encode = charset(layout.encoding, errors="xmlcharrefreplace").encode
    declared = f'<?xml version="1.0" encoding="{_IANA.get(layout.encoding, layout.encoding).upper()}"?>\n'
    spaces = _namespaces(layout)
    style = XmlStyle(leaves_out=layout.absent == "left_out")
    among = element_of(layout.customer, layout.fields, style)
    alone = element_of(layout.customer, layout.fields, style, declarations=spaces)
    before = used.mark + encode(f"{declared}<{layout.root}{spaces}>\n")
    after = encode(f"</{layout.root}>\n")
    declaration = used.mark + encode(declared)

    def customer(data: Mapping[str, Any]) -> bytes:
        return encode(among(cast("Json", data)) + "\n")

    def single(data: Mapping[str, Any]) -> bytes:
        if layout.single == "file":
            return before + customer(data) + after
        return declaration + encode(alone(cast("Json", data)) + "\n")

    return DriverForm(
        media_type="application/xml", opening=before, separator=b"", closing=after, customer=customer, single=single
    )


def _namespaces(layout: XmlDriver) -> str:
    declared = {f"xmlns:{prefix}": uri for prefix, uri in layout.namespaces.items()}
    if layout.namespace is not None:
        declared = {"xmlns": layout.namespace, **declared}
    return "".join([f' {name}="{attribute_text(uri, name)}"' for name, uri in declared.items()])
