"""What a connection to a message centre needs to know."""

import ipaddress
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr, model_validator

from xconnector.contract.settings import ConnectorSettings, Duration

_ASCII = r"^[!-~]*$"


class Alphabet(StrEnum):
    """What the message centre understands by its default alphabet."""

    GSM_7 = "gsm-7"
    """The GSM alphabet, one character in an octet: what most mean."""
    LATIN_1 = "latin-1"
    """ISO 8859-1; what that cannot spell travels as UCS-2."""


class LongTexts(StrEnum):
    """How a text travels that does not fit into one message."""

    PARTS = "parts"
    """Cut by us, each part with a header (UDH 05 00 03) by which the handset joins them."""
    PAYLOAD = "payload"
    """Whole in `message_payload`; the message centre cuts it."""


class Receipts(StrEnum):
    """Of which parts of a text a receipt is asked for; it is delivered when all of those are."""

    EACH = "each"
    FIRST = "first"
    LAST = "last"
    NONE = "none"


class ReceiptIds(StrEnum):
    """How a receipt spells the id that the message centre gave at the hand-over."""

    ANY = "any"
    """In the same way, or else as the hexadecimal or decimal reading of it, whichever is known."""
    SAME = "same"
    HEXADECIMAL = "hexadecimal"
    """Given as a decimal number, and hexadecimal in receipts."""
    DECIMAL = "decimal"
    """Given as a hexadecimal number, and decimal in receipts."""


def _checked_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError):
        raise ValueError("is no time zone, such as Europe/Berlin") from None
    return name


class DataCoding(ConnectorSettings):
    """The numbers by which this route tells alphabets apart."""

    default: Annotated[int, Field(ge=0, le=255)] = 0
    """Of texts in the message centre's default alphabet."""
    ucs_2: Annotated[int, Field(ge=0, le=255)] = 8
    """Of all others."""


class SmppSettings(ConnectorSettings):
    """A message centre, our account there, and whom the recipient sees as sender."""

    host: Annotated[str, Field(min_length=1, max_length=255)]
    """Name or address of the message centre."""
    port: Annotated[int, Field(ge=1, le=65535)] = 2775
    """Its port."""
    system_id: Annotated[str, Field(pattern=_ASCII, min_length=1, max_length=15)]
    """Our name there."""
    password: SecretStr
    """Its password: at most 8 characters, by the protocol."""
    system_type: Annotated[str, Field(pattern=_ASCII, max_length=12)] = ""
    """Where the message centre wants one."""
    tls: bool = True
    """Whether the line is encrypted; without it only to this machine, or where `plain_text_allowed` says so."""
    ca_file: Path | None = None
    """Certificates (PEM) that may sign the message centre's, instead of the system's; relative to the project."""
    plain_text_allowed: bool = False
    """States that the line is protected otherwise, such as by a VPN."""
    sender: Annotated[str, Field(pattern=r"^(\+[1-9]\d{6,14}|\d{3,8}|[A-Za-z0-9 ]{1,11})$")]
    """A number of ours in E.164, a short code, or a name of up to 11 letters; nobody can answer to a name."""
    sender_ton: Annotated[int, Field(ge=0, le=255)] | None = None
    """Type of number; left out, as the sender looks: international 1, short code 3, name 5."""
    sender_npi: Annotated[int, Field(ge=0, le=255)] | None = None
    """Numbering plan; left out, 1 for a number and 0 for the others."""
    alphabet: Alphabet = Alphabet.GSM_7
    """What the message centre understands by its default alphabet."""
    data_coding: DataCoding = DataCoding()
    """The numbers of alphabets on this route."""
    long_texts: LongTexts = LongTexts.PARTS
    """How a text travels that does not fit into one message."""
    valid_for: Annotated[Duration, Field(ge=timedelta(minutes=1), le=timedelta(days=28))] = timedelta(days=1)
    """How long the message centre may try."""
    receipts: Receipts = Receipts.EACH
    """Of which parts a receipt is asked for; without any, a text is completed when it was taken."""
    receipt_ids: ReceiptIds = ReceiptIds.ANY
    """How receipts spell the id of a message."""
    receipt_time_zone: Annotated[str, AfterValidator(_checked_zone)] = "UTC"
    """The zone of the times in receipts, which name none."""
    no_such_number: tuple[Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,10}$")], ...] = ()
    """Codes of this route in receipts (`err:`) that mean a number that does not exist: it is suppressed."""
    vendor_statuses: dict[
        Annotated[int, Field(ge=0x400, le=0xFFFFFFFF)], Literal["later", "refused", "no_such_number", "stopped"]
    ] = Field(default_factory=dict)
    """What this route's own statuses at the hand-over mean, such as `1025: later`; any other is `refused`."""
    window: Annotated[int, Field(ge=1, le=1000)] = 10
    """Messages that may be under way without an answer."""
    enquire_every: Annotated[Duration, Field(gt=timedelta(0))] = timedelta(seconds=30)
    """After how long a silence the line is tried with an `enquire_link`."""
    timeout: Annotated[Duration, Field(gt=timedelta(0))] = timedelta(seconds=20)
    """How long to wait for each answer."""
    attribute_within: Duration = timedelta(hours=1)
    """How long a receipt may wait for the answer that it is about; later ones are set aside."""
    remember: Annotated[Duration, Field(ge=timedelta(days=1))] = timedelta(days=8)
    """For how long ids of messages are kept, so that receipts find their text, and what was set aside; not shorter than
    `valid_for`."""

    @model_validator(mode="after")
    def _password_fits(self) -> Self:
        password = self.password.get_secret_value()
        if not password.isascii() or not password.isprintable() or len(password) > 8:  # noqa: PLR2004 - SMPP 5.2.2
            raise ValueError("an SMPP password has at most 8 visible ASCII characters")
        return self

    @model_validator(mode="after")
    def _receipts_find_their_text(self) -> Self:
        if self.valid_for > self.remember:
            raise ValueError("remember must not be shorter than valid_for: late receipts would find no text")
        return self

    @model_validator(mode="after")
    def _plain_text_stays_here(self) -> Self:
        if not self.tls and not self.plain_text_allowed and not _is_this_machine(self.host):
            raise ValueError(
                "tls: false would send customers' texts readable over the network; "
                "use TLS, or state plain_text_allowed: true where a VPN protects the line"
            )
        return self


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
