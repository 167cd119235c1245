"""Engine Web Services as a composer: each call composes one order, or several whose files bear their keys."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.connectors.exstream.driver.encoding import driver_of, encoder_of
from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer
from xconnector.connectors.exstream.engine_service.calls import Call, CallOrder, calls_of
from xconnector.connectors.exstream.engine_service.client import EngineServiceClient
from xconnector.connectors.exstream.engine_service.description import refuse_other_service
from xconnector.connectors.exstream.engine_service.left_files import LeftFiles
from xconnector.connectors.exstream.engine_service.probe import profile_of
from xconnector.connectors.exstream.engine_service.request import Compose
from xconnector.connectors.exstream.engine_service.returned import ReturnedOutputs, belonging
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings
from xconnector.connectors.exstream.engine_service.verdict import failure_of
from xconnector.connectors.exstream.engine_service.wire import EngineServiceWire, OutOfReachError
from xconnector.connectors.exstream.outputs import composition_of
from xconnector.connectors.exstream.run_date import as_run_date
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError
from xconnector.contract.manifest import Surroundings
from xconnector.contract.probing import Profile

Results = dict[int, Composition | ConnectorError]
"""By the order's position."""


@dataclass(slots=True)
class _Sweep:
    """What one list of orders has met so far: what would stop every further call stops them."""

    stopped: ConnectorError | None = field(default=None)


class EngineServiceComposer:
    """Composes by SOAP. Pure: nothing leaves, so that a lost answer may simply be asked for again."""

    def __init__(self, settings: EngineServiceSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._designs = {
            template: design for template, design in surroundings.designs.items() if isinstance(design, ExstreamDesign)
        }
        self._wire = EngineServiceWire(settings, surroundings.project_folder)
        self._client = EngineServiceClient(self._wire, settings)
        self._at_once = asyncio.Semaphore(settings.parallel)
        self._left = (
            LeftFiles(settings.output_folder, surroundings.project_folder, largest=settings.largest_answer)
            if settings.output_folder is not None
            else None
        )

    async def __aenter__(self) -> Self:
        await self._wire.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._wire.__aexit__(exc_type, exc, traceback)

    async def check(self) -> None:
        """Read the WSDL, show the account, and look for the folder; nothing is composed."""
        refuse_other_service(await self._client.describe(), self._settings)
        if self._settings.token is not None:
            await self._client.prove_token()
        if self._left is not None:
            await asyncio.to_thread(self._left.check)

    async def probe(self) -> Profile:
        return await profile_of(self._wire, self._client, self._settings)

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        calls, results = calls_of(
            orders, self._designs, most=self._settings.orders_per_call, shares_names=self._settings.shares_names
        )
        sweep = _Sweep()
        for made in await asyncio.gather(*(self._made(call, sweep) for call in calls)):
            results.update(made)
        return [results[position] for position in range(len(orders))]

    def driver(self, orders: Sequence[Order]) -> bytes:
        return driver_of(self._designs, orders)

    async def _made(self, call: Call, sweep: _Sweep) -> Results:
        try:
            return await self._composed(call, sweep)
        except PermanentError as refused:
            if len(call.orders) == 1:
                return _failed(call, refused)
            # One of them, and nobody says which: each by itself shows it.
            alone = await asyncio.gather(*(self._made(one, sweep) for one in call.apart()))
            return {position: result for results in alone for position, result in results.items()}
        except OutOfReachError as gone:
            sweep.stopped = TransientError(str(gone))
            return _failed(call, sweep.stopped)
        except MisconfiguredError as wrong:
            sweep.stopped = wrong
            return _failed(call, wrong)
        except ConnectorError as error:
            return _failed(call, error)

    async def _composed(self, call: Call, sweep: _Sweep) -> Results:
        driver, results = _driver(call)
        encoded = [order for order in call.orders if order.position not in results]
        if not encoded:
            return results
        async with self._at_once:
            if sweep.stopped is not None:
                return _failed(call, sweep.stopped)
            answer = await self._client.compose(self._asked(call, driver))
            made = await asyncio.to_thread(self._taken, answer, call, encoded)
        return {**results, **made}

    def _asked(self, call: Call, driver: bytes) -> Compose:
        options = dict(self._settings.engine_options)
        if self._settings.run_date:
            options.setdefault("RUNDATE", as_run_date(call.issued_on))
        return Compose(
            package=call.package,
            driver=driver,
            options=options,
            file_id=str(call.orders[0].order.communication_id),
        )

    def _taken(self, answer: ComposeAnswer, call: Call, orders: Sequence[CallOrder]) -> Results:
        if failure := failure_of(answer, self._settings):
            raise failure
        files = belonging(answer.files, call.design, self._settings.pdl)
        if self._left is not None:
            files = self._left.fetched(files)
        if files and all(file.content is None for file in files):
            raise PermanentError(
                "the engine gives the names of its files without their content: it writes them on its own machine; "
                "mount that folder and set `output_folder`, or leave OUTPUTDIRECTORY and `output_file` out"
            )
        outputs = ReturnedOutputs(files, call.design, self._settings.pdl)
        engine = f"Exstream Engine Web Services, package {call.package}"
        results: Results = {}
        for order in orders:
            try:
                results[order.position] = composition_of(
                    outputs.of(order.key),
                    call.design,
                    template=call.template,
                    kinds=order.order.kinds,
                    engine=engine,
                )
            except PermanentError as unfit:
                results[order.position] = unfit
        return results


def _driver(call: Call) -> tuple[bytes, Results]:
    """Return the driver of a call, and the orders that cannot stand in it."""
    encoder = encoder_of(call.design)
    results: Results = {}
    if len(call.orders) == 1:
        return encoder.single(call.orders[0].order), results
    pieces = [encoder.start()]
    for order in call.orders:
        try:
            pieces.append(encoder.customer(order.order))
        except PermanentError as refused:
            results[order.position] = refused
    return b"".join([*pieces, encoder.end()]), results


def _failed(call: Call, error: ConnectorError) -> Results:
    return {order.position: error for order in call.orders}
