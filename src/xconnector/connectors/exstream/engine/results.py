"""What a run of the engine made, customer by customer, as its delivery file names it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from xconnector.connectors.exstream.delivered import CustomerOutputs, DeliveredCustomers, Name, PageKeys
from xconnector.connectors.exstream.delivery_file import GrowingDeliveryFileError, read_delivery_file
from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.engine.settings import EngineSettings
from xconnector.connectors.exstream.engine.work_folder import Attempt
from xconnector.contract.composer import Composition
from xconnector.contract.errors import ConnectorError, PermanentError
from xconnector.domain.document import RenditionKind

Result = tuple[Name, Composition | ConnectorError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A run whose outputs are taken."""

    attempt: Attempt
    design: ExstreamDesign
    template: str
    settings: EngineSettings


def results_of(delivery: Delivery, *, kinds: Mapping[Name, frozenset[RenditionKind]] | None = None) -> Iterator[Result]:
    """Yield one result for each customer that the delivery file names, in constant memory.

    Args:
        delivery: what was delivered.
        kinds: by customer what is asked for, customers outside of it are passed over; None takes everything there is.

    Raises PermanentError where there is no delivery file, or none that can be read to its end.
    """
    settings = delivery.settings
    keys = PageKeys(first_page=settings.first_page_key, page_count=settings.page_count_key)
    outputs = CustomerOutputs(
        delivery.design,
        template=delivery.template,
        engine=delivery.attempt.engine.read_text("utf-8"),
        opened=lambda _, name: _opened(delivery, name),
        check_sizes=settings.check_sizes,
    )
    with DeliveredCustomers(delivery.design, scratch=delivery.attempt.path, page_keys=keys) as customers, outputs:
        _fill(customers, delivery.attempt.delivery_file)
        for name, entries in customers:
            if kinds is None:
                yield name, outputs.composed(entries)
            elif name in kinds:
                yield name, outputs.composed(entries, kinds=kinds[name])


def skipped(template: str, messages: str) -> PermanentError:
    """Say what became of a customer that no output names: engines may skip customers and go on."""
    said = f"the run's messages: {messages}" if messages else "the run left no warning and no error"
    return PermanentError(
        f"template {template!r}: the engine skipped this customer, no output names it; {said}. "
        "Correct the data or the design, and have it composed again"
    )


def _fill(customers: DeliveredCustomers, delivery_file: Path) -> None:
    try:
        with delivery_file.open("rb") as stream:
            for file in read_delivery_file(stream):
                customers.add(file)
    except FileNotFoundError:
        raise PermanentError(
            "the engine wrote no standard delivery file (`-STDDELIVERYFILE`, known to engines from 16.2 on), "
            "so nobody can tell which output is whose"
        ) from None
    except GrowingDeliveryFileError:
        raise PermanentError("the engine has ended and its delivery file is not whole: was the disk full?") from None


def _opened(delivery: Delivery, name: str) -> BinaryIO:
    """Open a file of the run. Raises PermanentError without its name, which may hold what a customer is called."""
    told = f"template {delivery.template!r}: a file that the delivery file names"
    path = _inside(delivery.attempt.outputs, name)
    if path is None:
        raise PermanentError(f"{told} lies outside of the run's output folder: let the design write below it")
    try:
        size = path.stat().st_size
        if size > delivery.settings.largest_output:
            raise PermanentError(f"{told} has {size} bytes: raise `largest_output`, or have it composed smaller")
        return path.open("rb")
    except OSError:
        raise PermanentError(f"{told} cannot be read: was the disk full?") from None


def _inside(folder: Path, name: str) -> Path | None:
    """Return where a named file lies, or None where that is not within the folder, links followed."""
    if "\0" in name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) else None
