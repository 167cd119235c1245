"""What feeds Exstream and what it tells back: drivers against bare JSON, delivery files against bare expat.

`python -m xconnector.testing.bench.exstream JOB CUSTOMERS FILE` does one job in a process of its own, whose
memory is of this job alone, and prints what it used.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any
from xml.parsers import expat

from xconnector.connectors.exstream.delivery_file import read_delivery_file
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.contract.composer import Order
from xconnector.testing.bench.measured import Figure
from xconnector.testing.bench.usage import Usage, usage_since
from xconnector.testing.orders import sample_order, with_data

_MODULE = "xconnector.testing.bench.exstream"
_GOAL = ">= 20,000"
_MEBIBYTE = 1024 * 1024
_CHUNK = 256 * 1024
_DISTINCT = 500
"""Orders that differ; more of them would measure the memory of the samples."""

_CUSTOMER = {
    "Id": "communication.id",
    "Number": "customer.key",
    "Name": "customer.name",
    "Line1": "customer.address_lines[0]",
    "Line2": "customer.address_lines[1]",
    "Line3": "customer.address_lines[2]",
    "Country": "customer.country",
    "Language": "customer.language",
    "Policy": "data.policy_number",
    "Premium": "data.premium.value",
}
_TRANSACTION: Mapping[str, Mapping[str, object]] = {
    "BookedOn": {"path": "booked_on.value", "date": "YYYYMMDD"},
    "Text": {"path": "text"},
    "Amount": {"path": "amount.value", "decimals": 2, "decimal_sign": "none"},
    "Reference": {"path": "reference"},
}
_NAMED = {**_CUSTOMER, "Transaction": {"each": "data.transactions", "fields": _TRANSACTION}}
_COLUMNS = [
    {"indicator": "CUST", "fields": [{"path": path, "width": 40} for path in _CUSTOMER.values()]},
    {
        "indicator": "TRAN",
        "each": "data.transactions",
        "fields": [{**field, "width": 40} for field in _TRANSACTION.values()],
    },
]
_LAYOUTS: Mapping[str, Mapping[str, Any]] = {
    "JSON as it is": {"format": "json"},
    "JSON by fields": {"format": "json", "fields": _NAMED},
    "XML as it is": {"format": "xml"},
    "XML by fields": {"format": "xml", "fields": _NAMED},
    "columnar, EBCDIC": {"format": "columnar", "encoding": "cp1141", "records": _COLUMNS},
}
_BARE_JSON, _READ, _BARE_EXPAT = "json.dumps", "delivery file", "bare expat"


def exstream_figures(*, customers: int, small: int, large: int, rounds: int) -> list[Figure]:
    """Measure speed on so many customers, and memory on a small and a large number of them."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "_STDDELIVERYFILE.xml"
        write_delivery_file(file, customers)
        seconds = _seconds(file, customers, rounds)
        speed = {job: customers / spent for job, spent in seconds.items()}
        return [
            *(Figure(name=f"customers a second, {name}", value=speed[name], goal=_GOAL) for name in _LAYOUTS),
            Figure(name="JSON as it is over json.dumps", value=speed["JSON as it is"] / speed[_BARE_JSON]),
            Figure(name="columnar over json.dumps", value=speed["columnar, EBCDIC"] / speed[_BARE_JSON]),
            Figure(name="customers a second, delivery file read", value=speed[_READ], goal=_GOAL),
            Figure(name="delivery file over bare expat", value=speed[_READ] / speed[_BARE_EXPAT]),
            *_memory(file, small, large),
        ]


def _seconds(file: Path, customers: int, rounds: int) -> Mapping[str, float]:
    """Return processor seconds of each job, the middle of all rounds; in turn, so that all see the same machine."""
    jobs = [*_LAYOUTS, _BARE_JSON, _READ, _BARE_EXPAT]
    spent: dict[str, list[float]] = {job: [] for job in jobs}
    for _ in range(rounds):
        for job in jobs:
            spent[job].append(_aside(job, customers, file).processor_seconds)
    return {job: median(found) for job, found in spent.items()}


def _memory(file: Path, small: int, large: int) -> Iterator[Figure]:
    for job, what in (("columnar, EBCDIC", "driver"), (_READ, "delivery file")):
        peaks: list[int] = []
        for customers in (small, large):
            write_delivery_file(file, customers)
            peaks.append(_aside(job, customers, file).peak_bytes)
        less, more = peaks
        yield Figure(name=f"peak of a {what} of {large:,}", value=more / _MEBIBYTE, unit="MiB")
        yield Figure(name=f"peak of a {what} of {large:,} over {small:,}", value=more / less, goal="<= 1.1")


def _aside(job: str, customers: int, file: Path) -> Usage:
    command = [sys.executable, "-m", _MODULE, job, str(customers), str(file)]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return Usage(**json.loads(told.stdout))


def write_delivery_file(file: Path, customers: int) -> None:
    """Write what an engine tells of so many customers, each with a file of its own."""
    with file.open("w", encoding="utf-16") as stream:
        stream.write('<?xml version="1.0" encoding="UTF-16" standalone="no" ?><!DOCTYPE outputList>\n')
        stream.write(f'<outputList transactions="0" customersProcessed="{customers}" pagesProcessed="{customers}">\n')
        stream.write(' <queue mimeType="application/pdf" pdl="PDF" name="archive">\n')
        for number in range(1, customers + 1):
            stream.write(
                f'  <file name="/mnt/jobs/4711/docgen/25/output/Queue_25_archive/{number:08}.pdf">'
                f'<customer number="{number}"><key name="CommunicationId">01970000-0000-7000-8000-{number:012}</key>'
                '<key name="StartPageCustomer">1</key><key name="TotalPagesInDocument">1</key></customer>'
                "<pageCount>1</pageCount><fileSize>28003</fileSize></file>\n"
            )
        stream.write(" </queue>\n</outputList>\n")


def _orders() -> Sequence[Order]:
    """Return statements: a customer and five transactions each."""
    return [
        with_data(sample_order(number, template="statement"), transactions=_booked(number))
        for number in range(_DISTINCT)
    ]


def _booked(number: int) -> list[dict[str, Any]]:
    return [
        {
            "booked_on": {"value": f"2026-11-{day:02}", "text": f"{day}. November 2026"},
            "text": f"Überweisung Nr. {day} an Empfänger {number}",
            "amount": {"value": -12.5 * day, "text": f"-{12.5 * day} €"},
            "reference": f"RF{number:08}{day:02}",
        }
        for day in range(1, 6)
    ]


def _job(name: str) -> Callable[[int, Path], float]:
    """Return what does a job, and returns where the processor clock stood when it began."""
    if name in _LAYOUTS:
        return lambda customers, _file: _write_driver(_LAYOUTS[name], customers)
    return {_BARE_JSON: _write_bare, _READ: _read, _BARE_EXPAT: _read_bare}[name]


def _write_driver(layout: Mapping[str, Any], customers: int) -> float:
    design = ExstreamDesign.model_validate({"driver": layout})
    orders = _orders()
    with Path("/dev/null").open("wb") as out:
        since = time.process_time()
        encoder = encoder_of(design)
        out.write(encoder.start())
        chosen = (orders[number % len(orders)] for number in range(customers))
        out.writelines(encoder.customer(order) for order in chosen)
        out.write(encoder.end())
    return since


def _write_bare(customers: int, _file: Path) -> float:
    orders = _orders()
    with Path("/dev/null").open("wb") as out:
        since = time.process_time()
        out.writelines(
            json.dumps(orders[number % len(orders)].data, ensure_ascii=False).encode() for number in range(customers)
        )
    return since


def _read(customers: int, file: Path) -> float:
    since = time.process_time()
    with file.open("rb") as stream:
        found = sum(len(one.customers) for one in read_delivery_file(stream))
    assert found == customers, "every customer was read"
    return since


def _read_bare(_customers: int, file: Path) -> float:
    since = time.process_time()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = parser.EndElementHandler = parser.CharacterDataHandler = _nothing
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            parser.Parse(chunk, False)  # noqa: FBT003 - expat's own signature
    return since


def _nothing(*_: object) -> None:
    """Be told, as whoever reads a document is, and do nothing about it."""


def main(arguments: Sequence[str]) -> None:
    job, customers, file = arguments
    since = _job(job)(int(customers), Path(file))
    # A small job takes less than the ticks in which the kernel otherwise counts.
    used = replace(usage_since(0), processor_seconds=time.process_time() - since)
    print(json.dumps(asdict(used)))  # noqa: T201 - the bench reads it


if __name__ == "__main__":
    main(sys.argv[1:])
