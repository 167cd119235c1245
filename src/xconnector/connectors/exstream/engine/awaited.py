"""Runs that somebody waits for: one start of the engine for all orders of a design and a date."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import encoder_of
from xconnector.connectors.exstream.driver.key import key_of
from xconnector.connectors.exstream.engine.driver_file import mark_of, one_by_one, run_date_of, write_driver
from xconnector.connectors.exstream.engine.place import Place
from xconnector.connectors.exstream.engine.results import Delivery, results_of, skipped
from xconnector.connectors.exstream.engine.run import Run
from xconnector.connectors.exstream.engine.verdict import Verdict, verdict_of
from xconnector.connectors.exstream.engine.work_folder import Attempt
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError

_Result = Composition | ConnectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A customer of a run."""

    order: Order
    key: str | None
    places: list[int]
    """Where the order stands in the call; more than once, if it was given more than once."""


async def compose_awaited(place: Place, orders: Sequence[Order]) -> list[_Result]:
    """Return one result for each order, in their sequence."""
    results: dict[int, _Result] = {}
    for template in dict.fromkeys(order.template for order in orders):
        wanted = {number: order for number, order in enumerate(orders) if order.template == template}
        results |= await _of_template(place, template, wanted)
    return [results[number] for number in range(len(orders))]


async def _of_template(place: Place, template: str, orders: Mapping[int, Order]) -> dict[int, _Result]:
    try:
        design = place.design(template)
        place.launcher.check()
        place.packages.of(design, template)
    except ConnectorError as error:
        return dict.fromkeys(orders, error)
    results: dict[int, _Result] = {}
    asked = _encodable(design, orders, refused=results)
    for run in _runs(place, asked):
        starts = _Starts(2 * len(run).bit_length() + 1)
        for one, result in zip(run, await _composed(place, design, run, starts), strict=True):
            results |= dict.fromkeys(one.places, result)
    return results


def _encodable(design: ExstreamDesign, orders: Mapping[int, Order], *, refused: dict[int, _Result]) -> Iterable[_Asked]:
    """Return the customers that can be encoded; why the others cannot goes to `refused`."""
    encoder = encoder_of(design)
    asked: dict[object, _Asked] = {}
    for number, order in orders.items():
        try:
            same_if = (mark_of(encoder.single(order)), order.kinds)
            asked.setdefault(same_if, _Asked(order=order, key=key_of(design, order), places=[])).places.append(number)
        except ConnectorError as error:
            refused[number] = error
    return asked.values()


def _runs(place: Place, asked: Iterable[_Asked]) -> list[list[_Asked]]:
    """Deal customers out to runs: one date each, and no key twice, since results are told apart by it."""
    runs: list[list[_Asked]] = []
    for one in asked:
        run = next((run for run in runs if all(_fit(place, one, other) for other in run)), None)
        if run is None:
            runs.append(run := [])
        run.append(one)
    return runs


def _fit(place: Place, one: _Asked, other: _Asked) -> bool:
    same_date = not place.settings.run_date or run_date_of(one.order) == run_date_of(other.order)
    return same_date and (one.key is None or one.key != other.key)


class _Starts:
    """How often the engine may be started in search of the customer at which it stops."""

    def __init__(self, left: int) -> None:
        self._left = left

    def are_left_for(self, runs: int) -> bool:
        """Take so many of them, where there are enough."""
        self._left -= runs
        return self._left >= 0


async def _composed(place: Place, design: ExstreamDesign, run: Sequence[_Asked], starts: _Starts) -> Sequence[_Result]:
    """Return one result for each customer. One at which the engine stops never fails the rest: they go without it."""
    try:
        results, verdict = await _one_run(place, design, run)
    except ConnectorError as error:
        return [error for _ in run]
    if len(run) == 1 or not verdict.may_lie_in_one_customer or not starts.are_left_for(2):
        return results
    middle = len(run) // 2
    return [
        *await _composed(place, design, run[:middle], starts),
        *await _composed(place, design, run[middle:], starts),
    ]


async def _one_run(place: Place, design: ExstreamDesign, run: Sequence[_Asked]) -> tuple[Sequence[_Result], Verdict]:
    """Start the engine once, and return what it made of each customer. Raises one of the four errors."""
    template = run[0].order.template
    with place.work.awaited() as folder, place.work.usable():
        written = await write_driver(folder, design, one_by_one(one.order for one in run))
        attempt = place.attempt(
            folder,
            Run(
                package=place.packages.of(design, template),
                driver=folder.driver,
                run_date=written.run_date if place.settings.run_date else None,
            ),
        )
        ended = await place.launcher.run_awaited(attempt)
        verdict = verdict_of(attempt, ended, place.settings)
        if verdict.failure is not None:
            return [verdict.failure for _ in run], verdict
        return await asyncio.to_thread(_results, place, design, attempt, run, verdict), verdict


def _results(
    place: Place, design: ExstreamDesign, attempt: Attempt, run: Sequence[_Asked], verdict: Verdict
) -> Sequence[_Result]:
    template = run[0].order.template
    names = [one.key or number for number, one in enumerate(run, 1)]
    delivery = Delivery(attempt=attempt, design=design, template=template, settings=place.settings)
    made = dict(results_of(delivery, kinds={name: one.order.kinds for name, one in zip(names, run, strict=True)}))
    left_out = skipped(template, verdict.messages)
    return [made.get(name, left_out) for name in names]
