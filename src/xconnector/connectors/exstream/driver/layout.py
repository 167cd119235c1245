"""How a customer driver file is laid out, as a project declares it for each design."""

from xconnector.connectors.exstream.driver.json_driver import JsonDriver

DriverLayout = JsonDriver
"""One of the formats; `format` says which."""
