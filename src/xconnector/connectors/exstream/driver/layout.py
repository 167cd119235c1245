"""How a customer driver file is laid out, as a project declares it for each design."""

from typing import Literal

from xconnector.contract.settings import ConnectorSettings


class JsonDriver(ConnectorSettings):
    """JSON: one object for each customer."""

    format: Literal["json"] = "json"


DriverLayout = JsonDriver
"""One of the formats; `format` says which."""
