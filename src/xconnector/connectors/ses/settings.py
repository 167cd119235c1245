"""What a connection to Amazon SES needs to know."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from xconnector.contract.report_settings import Tolerance
from xconnector.contract.settings import ConnectorSettings


class SesReports(ConnectorSettings):
    """How the requests of Amazon SNS are proven, in which the events come."""

    topics: Annotated[
        tuple[Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d+:[A-Za-z0-9_.-]+$")], ...],
        Field(min_length=1),
    ]
    """Our topics, by their ARN: what SNS signs for anybody else's counts for nothing."""
    tolerance: Tolerance = timedelta(hours=1)
    """How far the signed time may lie from ours, either way: it is that of the event, and SNS tries for an hour."""


class SesSettings(ConnectorSettings):
    """An account of Amazon."""

    reports: SesReports | None = None
    """How its topics prove themselves; left out, their requests need a key of ours for reports."""
