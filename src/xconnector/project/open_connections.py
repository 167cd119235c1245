"""The project's connections, opened on first use and kept open for the life of the process."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from xconnector.contract.archive import Archive
from xconnector.contract.channel import Channel, Collects, Idempotent, ReportsByPolling
from xconnector.contract.composer import Composer
from xconnector.contract.device import ReachesDevices
from xconnector.contract.errors import ConnectorError, MisconfiguredError, TransientError
from xconnector.contract.file_drop import FileDrop
from xconnector.contract.lifecycle import Connector
from xconnector.contract.manifest import Surroundings
from xconnector.contract.pull_source import PullSource
from xconnector.contract.registry import manifest
from xconnector.contract.reporting import LooksUp, ReportsByWebhook, ReportWebhook
from xconnector.contract.source import RunSource
from xconnector.contract.stream_source import StreamSource
from xconnector.contract.webhook_source import WebhookSource
from xconnector.contract.write_back import WriteBackTarget
from xconnector.execution.limits import LimitedConnection, Limits
from xconnector.postgres.locks import Session, SessionLocks
from xconnector.project.connection_settings import Role
from xconnector.project.model import ConnectionLimits, Project

LONG_TIMEOUT = timedelta(minutes=30)


class Connections:
    """Opens a connection in the role it is asked for, and puts its limits around it."""

    def __init__(
        self,
        project: Project,
        state_folder: Path,
        *,
        session: Session,
        locks: SessionLocks,
        already_open: Mapping[str, Connector] | None = None,
    ) -> None:
        """Nothing is opened before it is asked for.

        Args:
            project: whose connections these are.
            state_folder: below which each connection has a folder for its working files.
            session: on which limits are counted.
            locks: by which limits hold over all workers.
            already_open: connections that somebody else opened and will close.
        """
        self._project = project
        self._state_folder = state_folder
        self._session = session
        self._locks = locks
        self._opened: dict[str, Connector] = dict(already_open or {})
        self._readers: dict[str, Connector] = {}
        self._webhooks: dict[str, WebhookSource] = {}
        self._report_webhooks: dict[str, ReportWebhook] = {}
        self._looking_up: dict[str, bool] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._limited: dict[tuple[str, bool], LimitedConnection] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def names(self) -> tuple[str, ...]:
        """All connections."""
        return tuple(self._project.connections)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The connections that are channels."""
        return tuple(
            name for name, row in self._project.connections.items() if manifest(row.connector).channel is not None
        )

    @property
    def run_source_names(self) -> tuple[str, ...]:
        """The connections that read files of records."""
        return tuple(
            name for name, row in self._project.connections.items() if manifest(row.connector).run_source is not None
        )

    @property
    def composer_names(self) -> tuple[str, ...]:
        """The connections that are composers."""
        return tuple(
            name for name, row in self._project.connections.items() if manifest(row.connector).composer is not None
        )

    def names_of(self, fits: Callable[[Connector], bool]) -> tuple[str, ...]:
        """Return the connections that have an ability. None is opened for it; one that cannot be made has none."""
        return tuple(name for name in self.names if self._may(name, fits))

    def _may(self, name: str, fits: Callable[[Connector], bool]) -> bool:
        try:
            return fits(self._opened.get(name) or self._built(name, self._first_role(name)))
        except (ConnectorError, ImportError):
            return False

    async def opened(self, name: str) -> Connector:
        """Return the connection opened in its first role. Raises one of the four contract errors."""
        return await self._open(name, self._first_role(name))

    async def composer(self, name: str) -> Composer:
        """Return the opened composer. Raises one of the four contract errors when it cannot be opened."""
        return cast("Composer", await self._open(name, Role.COMPOSER))

    async def channel(self, name: str) -> Channel:
        """Return the opened channel. Raises one of the four contract errors when it cannot be opened."""
        return cast("Channel", await self._open(name, Role.CHANNEL))

    async def archive(self, name: str) -> Archive:
        """Return the opened archive. Raises one of the four contract errors when it cannot be opened."""
        return cast("Archive", await self._open(name, Role.ARCHIVE))

    async def run_source(self, name: str) -> RunSource:
        """Return the opened run source. Raises one of the four contract errors when it cannot be opened."""
        return cast("RunSource", await self._open(name, Role.RUN_SOURCE))

    async def file_drop(self, name: str) -> FileDrop:
        """Return the opened file drop. Raises one of the four contract errors when it cannot be opened."""
        return cast("FileDrop", await self._open(name, Role.FILE_DROP))

    async def stream_source(self, name: str) -> StreamSource:
        """Return the opened stream source. Raises one of the four contract errors when it cannot be opened."""
        return cast("StreamSource", await self._open(name, Role.STREAM_SOURCE))

    def takes_webhooks(self, name: str) -> bool:
        """Say whether a connection is one that outside systems send to by themselves."""
        known = self._project.connections.get(name)
        return known is not None and manifest(known.connector).webhook_source is not None

    def reads_files(self, name: str) -> bool:
        """Say whether a connection is a source of runs."""
        known = self._project.connections.get(name)
        return known is not None and manifest(known.connector).run_source is not None

    def is_stream_source(self, name: str) -> bool:
        """Say whether a connection of the project is one that is listened to."""
        known = self._project.connections.get(name)
        return known is not None and manifest(known.connector).stream_source is not None

    async def pull_source(self, name: str) -> PullSource:
        """Return the opened source that is asked. Raises one of the four contract errors when it cannot be opened."""
        return cast("PullSource", await self._open(name, Role.PULL_SOURCE))

    async def write_back(self, name: str) -> WriteBackTarget:
        """Return the opened write-back target. Raises one of the four contract errors when it cannot be opened."""
        return cast("WriteBackTarget", await self._open(name, Role.WRITE_BACK))

    def is_pulled(self, name: str) -> bool:
        """Say whether a connection is a source that is asked."""
        known = self._project.connections.get(name)
        return known is not None and manifest(known.connector).pull_source is not None

    async def collecting(self, name: str) -> Collects | None:
        """Return the channel when it takes bundles, else None."""
        channel = await self.channel(name)
        return channel if isinstance(channel, Collects) else None

    async def reporting(self, name: str) -> ReportsByPolling | None:
        """Return the channel when it can be asked for news, else None."""
        channel = await self.channel(name)
        return channel if isinstance(channel, ReportsByPolling) else None

    def can_look_up(self, name: str) -> bool:
        """Say whether a connection can be asked what became of what it took. Nothing is opened for it."""
        if name not in self._looking_up:
            is_known = name in self._project.connections
            self._looking_up[name] = is_known and self._may(name, lambda found: isinstance(found, LooksUp))
        return self._looking_up[name]

    async def looking_up(self, name: str) -> LooksUp | None:
        """Return the opened channel when it can be asked what became of what it took, else None."""
        channel = await self.channel(name)
        return channel if isinstance(channel, LooksUp) else None

    def report_reader(self, name: str) -> ReportsByWebhook | None:
        """Return what reads the reports that an outside system sends us, else None. Nothing is opened for it."""
        if name not in self._project.connections:
            return None
        if name not in self._readers:
            self._readers[name] = self._opened.get(name) or self._built(name, self._first_role(name))
        reader = self._readers[name]
        return reader if isinstance(reader, ReportsByWebhook) else None

    def reaching_devices(self, name: str) -> ReachesDevices | None:
        """Return what shows messages on customers' devices, else None. Nothing is opened for it.

        Raises one of the four contract errors when it cannot be made.
        """
        if name not in self._project.connections:
            return None
        found = self._opened.get(name) or self._built(name, self._first_role(name))
        return found if isinstance(found, ReachesDevices) else None

    def webhook_source(self, name: str) -> WebhookSource | None:
        """Return what reads the events that an outside system sends us, else None. Nothing is opened for it.

        Raises one of the four contract errors when it cannot be made.
        """
        if not self.takes_webhooks(name):
            return None
        if name not in self._webhooks:
            self._webhooks[name] = cast("WebhookSource", self._built(name, Role.WEBHOOK_SOURCE))
        return self._webhooks[name]

    def report_webhook(self, name: str) -> ReportWebhook | None:
        """Return what proves and reads the reports of a provider, else None. Nothing is opened for it.

        Raises one of the four contract errors when it cannot be made.
        """
        known = self._project.connections.get(name)
        if known is None or manifest(known.connector).report_webhook is None:
            return None
        if name not in self._report_webhooks:
            self._report_webhooks[name] = cast("ReportWebhook", self._built(name, Role.REPORT_WEBHOOK))
        return self._report_webhooks[name]

    async def remembers_dispatches(self, name: str) -> bool:
        """Say whether the same dispatch may be handed over twice without reaching the customer twice."""
        channel = await self.channel(name)
        return isinstance(channel, Idempotent) and channel.remembers_dispatches

    def limited(self, name: str, *, for_long: bool = False) -> LimitedConnection:
        """Return the limits of a connection, as one thing through which every call goes.

        A call that carries a bundle or a submission of thousands takes as long as it takes: its time-out is at least
        half an hour, and it takes no slot from the others.
        """
        if (name, for_long) not in self._limited:
            known = self._project.connections.get(name)
            own = known.limits if known is not None else ConnectionLimits()
            timeout = max(own.timeout, LONG_TIMEOUT) if for_long else own.timeout
            limits = Limits(timeout=timeout, parallel=own.parallel, rate=own.rate, burst=own.burst)
            lane = "long calls" if for_long else "calls"
            limited = LimitedConnection(name, limits, session=self._session, locks=self._locks, lane=lane)
            self._limited[name, for_long] = limited
        return self._limited[name, for_long]

    async def _open(self, name: str, role: Role) -> Connector:
        async with self._opening.setdefault(name, asyncio.Lock()):
            if name not in self._opened:
                self._opened[name] = await self._stack.enter_async_context(self._built(name, role))
            return self._opened[name]

    def _built(self, name: str, role: Role) -> Connector:
        """Return the connection in a role, not opened yet."""
        connection = self._project.connections.get(name)
        if connection is None:
            raise MisconfiguredError(f"the project has no connection {name!r} any more; put it back")
        declared = manifest(connection.connector)
        surroundings = Surroundings(
            project_folder=self._project.folder,
            state_folder=self._state_folder / "connections" / name,
            designs=self._project.designs_for(declared),
        )
        return getattr(declared, role)(connection.settings, surroundings)

    def _first_role(self, name: str) -> Role:
        declared = manifest(self._project.connections[name].connector)
        return next(role for role in Role if getattr(declared, role) is not None)


def is_outage(error: Exception) -> bool:
    """Say whether an error means that the outside system is down."""
    return isinstance(error, TransientError)
