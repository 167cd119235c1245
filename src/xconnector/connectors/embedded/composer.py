"""The embedded composer in its role: orders in, renditions out."""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from types import TracebackType
from typing import Self

import msgspec

from xconnector.connectors.embedded import wire
from xconnector.connectors.embedded.fonts import font_folders, fonts_digest
from xconnector.connectors.embedded.lint import forbidden, malformed, told
from xconnector.connectors.embedded.pool import Outcome, Pool
from xconnector.connectors.embedded.settings import EmbeddedSettings
from xconnector.connectors.embedded.templates import Templates, publish, read_templates
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError
from xconnector.contract.manifest import Surroundings
from xconnector.domain.document import Rendition, RenditionKind

_LARGEST_DATA = 32 * 1024 * 1024
_ENGINES = ("typst", "pikepdf", "zint-bindings", "mrml", "jinja2")
"""What has a say in the bytes of a document."""

# Sorted: the order of keys must not show in the bytes.
_data_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Workshop:
    """What is set up once: the published templates, what composes them, and the processes."""

    templates: Templates
    names: frozenset[str]
    engine: str
    pool: Pool


class EmbeddedComposer:
    """Composes in processes of its own.

    The templates are read and published with the first order and stay as they were until the
    composer is opened anew.
    """

    def __init__(self, settings: EmbeddedSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._setting_up = asyncio.Lock()
        self._workshop: _Workshop | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        if self._workshop is not None:
            await self._workshop.pool.close()
            self._workshop = None

    @property
    def process_ids(self) -> tuple[int, ...]:
        """The processes that compose now; none before there is work."""
        return self._workshop.pool.process_ids if self._workshop is not None else ()

    async def check(self) -> None:
        """Find every mistake in the templates that shows without data, and start a process.

        Raises MisconfiguredError with one line for each finding: file, line and remedy.
        """
        workshop = await self._set_up()
        templates = workshop.templates
        if findings := await asyncio.to_thread(malformed, templates):
            raise MisconfiguredError(told(findings, templates))
        await workshop.pool.prove()

    async def compose(self, orders: Sequence[Order]) -> Sequence[Composition | ConnectorError]:
        try:
            workshop = await self._set_up()
        except MisconfiguredError as wrong:
            return [wrong for _ in orders]
        tasks = [_task(order, workshop) for order in orders]
        accepted = [task for task in tasks if isinstance(task, wire.Task)]
        outcomes = iter(await workshop.pool.compose(accepted))
        return [_result(next(outcomes), workshop.engine) if isinstance(task, wire.Task) else task for task in tasks]

    async def _set_up(self) -> _Workshop:
        """Return the workshop, set up on first use.

        Raises MisconfiguredError; the next call then tries again, for the templates may have been mended.
        """
        async with self._setting_up:
            if self._workshop is None:
                self._workshop = await asyncio.to_thread(self._prepared)
            return self._workshop

    def _prepared(self) -> _Workshop:
        settings = self._settings
        project = self._surroundings.project_folder
        templates = read_templates(project / settings.templates, shown_as=str(settings.templates))
        if findings := forbidden(templates):
            raise MisconfiguredError(told(findings, templates))
        fonts = font_folders(project, settings.fonts)
        setup = wire.Setup(
            templates=str(publish(templates, self._surroundings.state_folder)),
            shown_as=templates.shown_as,
            fonts=tuple(str(folder) for folder in fonts),
            memory=int(settings.memory),
            deadline=settings.deadline.total_seconds(),
            compilers=settings.compilers,
            sms_segments=settings.sms_segments,
            sms_plain_punctuation=settings.sms_plain_punctuation,
        )
        return _Workshop(
            templates=templates,
            names=frozenset(templates.names),
            engine=_engine(templates, fonts_digest(fonts)),
            pool=Pool(
                setup,
                processes=settings.processes or len(os.sched_getaffinity(0)),
                recycle_after=settings.recycle_after,
            ),
        )


def _engine(templates: Templates, fonts: str) -> str:
    versions = " ".join(f"{name} {version(name)}" for name in _ENGINES)
    return f"{versions} fonts {fonts} templates {templates.digest}"


def _task(order: Order, workshop: _Workshop) -> wire.Task | ConnectorError:
    if order.template not in workshop.names:
        known = ", ".join(workshop.templates.names) or "none"
        shown_as = workshop.templates.shown_as
        return PermanentError(f"there is no template {order.template!r} in {shown_as}; there are: {known}")
    try:
        data = _data_encoder.encode(order.data)
    except TypeError:
        return PermanentError(f"the data for template {order.template!r} holds something that is no JSON")
    if len(data) > _LARGEST_DATA:
        return PermanentError(
            f"the data for template {order.template!r} has {len(data)} bytes; {_LARGEST_DATA} are allowed"
        )
    return wire.Task(
        template=order.template,
        kinds=tuple(sorted(order.kinds)),
        communication_id=str(order.communication_id),
        issued_at=int(order.issued_at.timestamp()),
        data=data,
    )


def _result(outcome: Outcome, engine: str) -> Composition | ConnectorError:
    if isinstance(outcome, ConnectorError):
        return outcome
    renditions = tuple(
        Rendition(kind=RenditionKind(piece.kind), content=piece.content, sha256=piece.sha256, pages=piece.pages)
        for piece in outcome.pieces
    )
    return Composition(renditions=renditions, engine=engine)
