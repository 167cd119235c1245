"""The shape of `on:` in a communication's file: which event asks for it, and when it begins or is not made."""

from collections.abc import Mapping
from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from xconnector.contract.settings import Duration
from xconnector.project.file_words import EventType, Name, Shape

Scalar = str | bool | int | float
Names = Name | Annotated[tuple[Name, ...], Field(min_length=1)]
"""One field, or several that count together."""
Span = Annotated[Duration, Field(gt=timedelta(0))]


class OnceShape(Shape):
    """Of several events with one key only the first makes a communication."""

    key: Names
    """Mapped fields that make the key, or `customer`."""
    within: Span | None = None
    """How far apart they may have happened to be the same, such as 30d; left out, they always are."""


class OrderShape(Shape):
    """Communications with one key leave one after the other."""

    key: Names
    """Mapped fields that make the key, or `customer`; kinds with the same fields stand in one line."""
    on_failure: Literal["hold", "pass"] = "hold"
    """Whether one that failed holds those behind it until people have looked after it."""


class ParentShape(Shape):
    """An event that is to come first."""

    event: EventType
    """Type of the event."""
    key: Names | Annotated[Mapping[Name, Name], Field(min_length=1)]
    """Fields that both have, or pairs of our field and theirs."""
    where: Mapping[Name, Scalar | tuple[Scalar, ...]] = {}
    """Mapped fields of the event that must have this value, or one of these."""
    within: Span
    """How long it is waited for, such as 3d."""
    otherwise: Literal["fail", "send", "drop"] = "fail"
    """What follows when it did not come: people look after it, it begins without, or it is not sent."""


class CollapseShape(Shape):
    """Several changes become one communication of the latest."""

    key: Names
    """Mapped fields that make the key, or `customer`."""
    window: Span
    """How long no further change must have come, such as 30m."""
    longest: Span
    """How long the first of them waits at most, such as 4h."""


class CounterShape(Shape):
    """An event that cancels what is not out yet."""

    event: EventType
    """Type of the event."""
    key: Names | Annotated[Mapping[Name, Name], Field(min_length=1)]
    """Fields that both have, or pairs of our field and theirs."""
    where: Mapping[Name, Scalar | tuple[Scalar, ...]] = {}
    """Mapped fields of the event that must have this value, or one of these."""
    within: Annotated[Duration, Field(ge=timedelta(0))] = timedelta(days=30)
    """How long before the event that asks it may have happened and still count, such as 30d."""


class StartShape(Shape):
    """When it begins, where that is not at once."""

    field: Name | None = None
    """A mapped field with a day from which is counted; left out: from when the event happened."""
    delay: Annotated[Duration, Field(ge=timedelta(0))] | None = None
    """So long after the event, such as 2d."""
    days: Annotated[int, Field(ge=-3660, le=3660)] | None = None
    """So many days later, or earlier where it is negative."""
    working_days: Annotated[int, Field(ge=-366, le=366)] | None = None
    """So many working days of the calendar later, or earlier where it is negative."""
    at: time | None = None
    """Time of day, such as "08:00"."""
    calendar: Annotated[str, StringConstraints(min_length=1)] | None = None
    """Name of one of the project's calendars: it begins on one of its working days, on its clock."""


class TriggerShape(Shape):
    """When a communication is made."""

    event: EventType
    """Type of the event."""
    where: Mapping[Name, Scalar | tuple[Scalar, ...]] = {}
    """Mapped fields that must have this value, or one of these."""
    condition: Annotated[str, StringConstraints(min_length=1, max_length=1000)] | None = None
    """An expression of CEL that must be true as well, such as data.amount > 1000.0 && data.kind == 'x'."""
    once_per: Names | OnceShape | None = None
    """Fields by which several events are one and the same: only the first makes a communication."""
    priority: Literal["high", "normal", "low"] = "normal"
    """What goes first when there is more work than workers."""
    start: StartShape | None = None
    """When it begins, where that is not at once."""
    order_by: Names | OrderShape | None = None
    """Fields by which communications stand in one line, whatever kinds they are of: a later one waits until the earlier
    one has left."""
    after: ParentShape | None = None
    """An event that is to come first, and how long it is waited for."""
    collapse: CollapseShape | None = None
    """Several events become one communication of the latest."""
    cancelled_by: tuple[CounterShape, ...] = ()
    """Events that cancel it as long as it has not been handed over."""
