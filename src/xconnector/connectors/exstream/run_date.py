"""The date that a document bears, as the engine is told it: the same order then gives the same document on any day."""

from contextlib import suppress
from datetime import date

from xconnector.contract.composer import Order


def printed_date(order: Order) -> date:
    """Return the date that the document bears, which may be another day than in UTC; else the day of its issue."""
    match order.data:
        case {"communication": {"date": {"value": str(printed)}}}:
            with suppress(ValueError):
                return date.fromisoformat(printed[:10])
        case _:
            pass
    return order.issued_at.date()


def as_run_date(day: date) -> str:
    """Return a date as the engine's `RUNDATE` takes it, `mm/dd/yyyy`."""
    return f"{day:%m/%d/%Y}"
