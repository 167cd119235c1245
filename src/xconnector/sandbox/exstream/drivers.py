"""Customer driver files, read back: by the design's declared layout, and by nothing else of the connector."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from xconnector.connectors.exstream.driver.columnar_driver import ColumnarDriver
from xconnector.connectors.exstream.driver.delimited_driver import DelimitedDriver
from xconnector.connectors.exstream.driver.json_driver import JsonDriver
from xconnector.connectors.exstream.driver.layout import DriverLayout
from xconnector.connectors.exstream.driver.xml_driver import XmlDriver
from xconnector.sandbox.exstream.json_drivers import json_customers
from xconnector.sandbox.exstream.record_drivers import columnar_customers, delimited_customers
from xconnector.sandbox.exstream.xml_drivers import xml_customers


def customers_of(layout: DriverLayout, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield what a driver file says of each customer; streamed. Raises UnreadableDriverError."""
    match layout:
        case JsonDriver():
            return json_customers(layout, driver)
        case XmlDriver():
            return xml_customers(layout, driver)
        case DelimitedDriver():
            return delimited_customers(layout, driver)
        case ColumnarDriver():
            return columnar_customers(layout, driver)
