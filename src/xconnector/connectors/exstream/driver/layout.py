"""How a customer driver file is laid out, as a project declares it for each design."""

from typing import Annotated, TypeAlias

from pydantic import Field

from xconnector.connectors.exstream.driver.columnar_driver import ColumnarDriver
from xconnector.connectors.exstream.driver.delimited_driver import DelimitedDriver
from xconnector.connectors.exstream.driver.json_driver import JsonDriver
from xconnector.connectors.exstream.driver.xml_driver import XmlDriver

DriverLayout: TypeAlias = Annotated[
    JsonDriver | XmlDriver | DelimitedDriver | ColumnarDriver, Field(discriminator="format")
]
"""One of the formats; `format` says which."""
