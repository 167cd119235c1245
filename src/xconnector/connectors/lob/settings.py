"""What a connection to Lob needs to know."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from xconnector.contract.report_settings import SignedReports
from xconnector.contract.service_address import ServiceAddress
from xconnector.contract.settings import ConnectorSettings, Duration


class LobSettings(ConnectorSettings):
    """An account of Lob, and how its letters are printed."""

    api_key: SecretStr
    """The secret key of the account; one that begins with `test_` prints nothing."""
    sender: Annotated[str, Field(pattern=r"^adr_[A-Za-z0-9]+$")]
    """Our own address, as Lob's address book calls it: `adr_…`. Undeliverable letters come back to it."""
    address_placement: Literal["top_first_page", "insert_blank_page", "bottom_first_page"] = "top_first_page"
    """Where Lob prints the address: templates leave the place white, or a page is put in front."""
    color: bool = False
    """Print in colour."""
    double_sided: bool = True
    """Print on both sides."""
    size: Literal["us_letter", "us_legal"] = "us_letter"
    """Paper."""
    mail_class: Literal["usps_first_class", "usps_standard"] = "usps_first_class"
    """How letters travel; those with a proof of mailing always first class."""
    url: ServiceAddress = "https://api.lob.com"
    """Where the API is."""
    at_once: Annotated[int, Field(ge=1, le=50)] = 10
    """Letters that are handed over at the same time."""
    timeout: Duration = timedelta(seconds=30)
    """How long to wait for each answer."""
    reports: SignedReports | None = None
    """How its webhook proves itself: then a communication is completed when Lob reports on it. Left out, the answer to
    the hand-over completes it, and reports need a key of ours."""
