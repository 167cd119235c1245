"""Customer driver files, read back: by the design's declared layout, and by nothing else of the connector."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from xconnector.connectors.exstream.driver.layout import DriverLayout
from xconnector.sandbox.exstream.json_drivers import json_customers


def customers_of(layout: DriverLayout, driver: BinaryIO) -> Iterator[dict[str, Any]]:
    """Yield what a driver file says of each customer; streamed. Raises UnreadableDriverError."""
    return json_customers(driver, root=layout.root)
