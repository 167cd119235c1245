"""The customer driver file of a run, and the marks by which its customers are known again."""

import asyncio
import hashlib
import os
from array import array
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.engine.work_folder import RunFolder
from xconnector.connectors.exstream.run_date import as_run_date, printed_date
from xconnector.contract.composer import Order

MARK_BYTES = 8
_WRITTEN_AT_ONCE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDriver:
    """What was written."""

    customers: int
    run_date: str | None
    """The first order's date as the engine is told it, `mm/dd/yyyy`; None where there is no order."""


async def write_driver(folder: RunFolder, design: ExstreamDesign, orders: AsyncIterable[Order]) -> WrittenDriver:
    """Write the driver of these orders and their marks, in constant memory.

    Raises PermanentError where an order cannot be encoded, OSError where the files cannot be written.
    """
    encoder = encoder_of(design)
    separator = design.driver.form.separator
    customers, run_date = 0, None
    with _private(folder.driver) as driver, _private(folder.marks) as marks:
        waiting, waiting_marks = bytearray(encoder.start()), bytearray()
        async for order in orders:
            encoded = encoder.customer(order)
            waiting += encoded
            waiting_marks += mark_of(encoded.removeprefix(separator) if customers else encoded)
            run_date = run_date or run_date_of(order)
            customers += 1
            if len(waiting) >= _WRITTEN_AT_ONCE:
                await asyncio.to_thread(driver.write, bytes(waiting))
                await asyncio.to_thread(marks.write, bytes(waiting_marks))
                waiting.clear()
                waiting_marks.clear()
        waiting += encoder.end()
        driver.write(waiting)
        marks.write(waiting_marks)
    return WrittenDriver(customers=customers, run_date=run_date)


async def one_by_one(orders: Iterable[Order]) -> AsyncIterator[Order]:
    """Give orders that are at hand as a stream."""
    for order in orders:
        yield order


def mark_of(customer: bytes) -> bytes:
    """Return a customer's mark: the same for the same record of a driver."""
    return hashlib.blake2b(customer, digest_size=MARK_BYTES).digest()


def layout_digest(design: ExstreamDesign) -> str:
    """Return a digest of how the design's driver is laid out."""
    return hashlib.sha256(design.driver.model_dump_json().encode()).hexdigest()


def same_customers(new: RunFolder, old: RunFolder, positions: Sequence[int]) -> bool:
    """Say whether the customers of a new driver are, byte for byte, those at these positions of an old one."""
    try:
        mine, theirs = _marks(new.marks), _marks(old.marks)
    except OSError:
        return False
    within = all(1 <= position <= len(theirs) for position in positions)
    return (
        within
        and len(mine) == len(positions)
        and all(mark == theirs[position - 1] for mark, position in zip(mine, positions, strict=True))
    )


def run_date_of(order: Order) -> str:
    """Return the document's date as the engine is told it."""
    return as_run_date(printed_date(order))


def _marks(file: Path) -> "array[int]":
    marks = array("Q")
    marks.frombytes(file.read_bytes())
    return marks


def _private(file: Path) -> BinaryIO:
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(opened, "wb")
