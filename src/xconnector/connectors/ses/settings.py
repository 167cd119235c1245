"""What a connection to Amazon SES needs to know."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from xconnector.contract.mail.settings import MailServiceSettings
from xconnector.contract.report_settings import Tolerance
from xconnector.contract.service_address import ServiceAddress
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


class SesSettings(MailServiceSettings):
    """A region of Amazon SES, and how its mails are made."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]
    """The region, such as `eu-central-1`."""
    access_key_id: Annotated[str, Field(pattern=r"^[A-Z0-9]{16,128}$")]
    """A key with the right `ses:SendEmail`, and `ses:GetAccount` for the check."""
    secret_access_key: SecretStr
    """What belongs to it: signs each call, and is never sent."""
    session_token: SecretStr | None = None
    """Of a key that is good for some hours only."""
    configuration_set: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] | None = None
    """The configuration set whose event destination reports to our topic."""
    url: ServiceAddress | None = None
    """Where the API is; left out, the region's own."""
    reports: SesReports | None = None
    """How its topics prove themselves: then a communication is completed when the provider reports on it. Left out, the
    answer to the hand-over completes it, and reports need a key of ours."""
