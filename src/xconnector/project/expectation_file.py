"""The shapes of a project's own tests: `tests/*.yaml`."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from xconnector.contract.settings import Duration
from xconnector.project.file_words import Day, EventType, Name, Shape, Text


class FurtherEventShape(Shape):
    """An event that comes before or after the one that a test is about."""

    event: EventType
    """Type of the event."""
    data: Mapping[str, Any]
    """The record as the source would give it."""
    apart: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(minutes=1)
    """How long before or after it, such as 2d."""
    feed: Name | None = None
    """The feed whose mapping applies, where the event's type does not tell."""


class StatementShape(Shape):
    """What a source said of the customer before."""

    source: Text
    """Which source, as the table of survivorship names it."""
    as_of: Day
    """The day, at noon, as of which it said so."""
    fields: Mapping[str, Any] = {}
    """Golden-record fields; null takes back what the source said before."""
    verified: tuple[Text, ...] = ()
    """The fields for which it vouches; address is all parts of the address."""
    deleted: bool = False
    """Whether it has deleted the customer."""


class GivenShape(Shape):
    """What a test starts from."""

    event: EventType
    """Type of the event."""
    data: Mapping[str, Any]
    """The record as the source would give it."""
    customer: Mapping[str, Any] = {}
    """Golden-record fields, over those of the sources and those that the mapping finds in the record."""
    has_device: bool = False
    """Whether a device of the customer is registered on which a connection shows messages."""
    statements: tuple[StatementShape, ...] = ()
    """What sources said of the customer, of which the golden record is made together with what the record says."""
    source: Text | None = None
    """The source of the record where statements stand beside it; otherwise it is called as its feed."""
    feed: Name | None = None
    """The feed whose mapping applies, where the event's type does not tell."""
    on: Day = date(2026, 1, 1)
    """The day as of which it is decided, such as 2026-07-01: rows of tables begin and end to count. The event happens
    at noon."""
    before: tuple[FurtherEventShape, ...] = ()
    """Events that came before."""
    after: tuple[FurtherEventShape, ...] = ()
    """Events that come after, while nothing has been handed over."""


class ExpectationShape(Shape):
    """One communication that a test expects."""

    communication: Name
    """Name of the communication."""
    route: tuple[Name, ...] | None = None
    """Connections in order."""
    suppressed: Text | None = None
    """The reason for not sending."""
    fails: Text | None = None
    """Words of the reason why people have to look at it."""
    begins: datetime | None = None
    """When it begins where that is not at once, on the project's clock, such as 2026-07-03T08:00."""
    ends: Text | None = None
    """Words of the reason why it is asked for and not made."""
    review: Name | None = None
    """Role that must approve, or none; left out, it is not looked at."""


class TestShape(Shape):
    """One test: given an event and a customer, expect these communications."""

    __test__ = False

    name: Text
    """What the test shows, as a sentence."""
    given: GivenShape
    """What it starts from."""
    expect: tuple[ExpectationShape, ...]
    """The communications, in any order; an empty list expects none."""
    mapped: Mapping[str, Any] = {}
    """What the mapping makes of the record: our fields, and the customer's as customer.<name>."""
    golden: Mapping[str, Any] = {}
    """The golden record's fields that are expected, made of the statements and the record; null expects none."""
