"""An entity set as a source that is asked: by delta links, or by a property that grows."""

import hashlib
import json
from datetime import UTC, datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import msgspec
import msgspec.structs

from xconnector.connectors.odata.client import ODataClient
from xconnector.connectors.odata.entities import Entity, Page, read_page, version_of
from xconnector.connectors.odata.settings import ODataSettings
from xconnector.contract.errors import MisconfiguredError, PermanentError
from xconnector.contract.pull_source import Pulled
from xconnector.domain.event import REMOVED, BadRecord, SourceRecord
from xconnector.domain.record_path import text_of


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a service was read."""

    entity_set: str
    link: str | None = None
    """The page to ask for next: within a round, or the delta link between rounds."""
    since: str | None = None
    """The greatest `changed` of the rounds that ended."""
    top: str | None = None
    """The greatest `changed` of this round so far."""


_decoder = msgspec.json.Decoder(Position)


class ODataSource:
    """Gives the entities of a set, page by page, then those that changed."""

    def __init__(self, settings: ODataSettings) -> None:
        """Nothing is asked before `check` or `pull`."""
        self._settings = settings
        self._client = ODataClient(settings)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._client.close()

    async def check(self) -> None:
        """Ask for one entity."""
        question = {"$top": "1", "$select": ",".join(self._settings.key)}
        await self._page(f"{self._settings.entity_set}?{urlencode(question)}", at_most=1)

    async def pull(self, position: str | None, *, at_most: int, source: str, event_type: str) -> Pulled:
        known = self._read(position)
        page = await self._page(known.link or self._question(known.since), at_most=at_most)
        told_at = hashlib.sha256((position or "").encode()).hexdigest()[:12]
        records = [self._record(one, source, event_type, told_at) for one in page.entities]
        behind = self._behind(known, page)
        return Pulled(records=records, position=msgspec.json.encode(behind).decode(), more=page.next_link is not None)

    def _read(self, position: str | None) -> Position:
        if position is None:
            return Position(entity_set=self._settings.entity_set)
        try:
            known = _decoder.decode(position)
        except msgspec.MsgspecError:
            known = None
        if known is None or known.entity_set != self._settings.entity_set:
            raise PermanentError(
                "what was read so far was of another entity set; put it back, or begin anew with "
                "`xconnector feeds restart`"
            )
        return known

    def _behind(self, known: Position, page: Page) -> Position:
        """Return where to go on behind a page."""
        changed = self._settings.changed
        tops = [told for one in page.entities if isinstance(told := one.get(changed), str) and _is_moment(told)]
        top = _latest(known.top, *tops)
        if page.next_link is not None:
            link = self._client.below_root(page.next_link)
            return msgspec.structs.replace(known, link=link, top=top)
        if changed:
            return Position(entity_set=known.entity_set, since=_latest(known.since, top))
        if page.delta_link is None:
            raise MisconfiguredError(
                "the service gives no delta link: let it track changes of the entity set, or give `changed`"
            )
        return Position(entity_set=known.entity_set, link=self._client.below_root(page.delta_link))

    # ---------------------------------------------------------------- asking

    async def _page(self, link: str, *, at_most: int) -> Page:
        is_of_version_2 = self._settings.is_of_version_2
        headers = {"Accept": "application/json"}
        if not is_of_version_2:
            tracked = "" if self._settings.changed else "odata.track-changes, "
            headers |= {"OData-MaxVersion": "4.01", "Prefer": f"{tracked}odata.maxpagesize={at_most}"}
        content = await self._client.page(link, headers=headers)
        return read_page(content, is_of_version_2=is_of_version_2, key=self._settings.key)

    def _question(self, since: str | None) -> str:
        """Return the first page of a round, as a link from the root of the service."""
        settings = self._settings
        conditions = [f"({settings.filter})"] if settings.filter else []
        if since is not None:
            conditions.append(f"{settings.changed} ge {self._literal(since)}")
        ordering = [settings.changed, *settings.key] if settings.changed else []
        wanted: dict[str, None] = dict.fromkeys([*settings.key, *ordering, *settings.select])
        question: dict[str, str] = {
            "$select": ",".join(wanted) if settings.select else "",
            "$filter": " and ".join(conditions),
            "$orderby": ",".join(dict.fromkeys(ordering)),
            "$format": "json" if settings.is_of_version_2 else "",
        }
        told = urlencode({name: value for name, value in question.items() if value})
        return f"{settings.entity_set}?{told}" if told else settings.entity_set

    def _literal(self, since: str) -> str:
        """Return a time that lies `overlap` before another, as the version writes it."""
        reached = _moment(since) - self._settings.overlap
        if self._settings.is_of_version_2:
            return f"datetimeoffset'{reached:%Y-%m-%dT%H:%M:%S}Z'"
        return f"{reached:%Y-%m-%dT%H:%M:%S.%f}Z"

    # ---------------------------------------------------------------- records

    def _record(self, entity: Entity, source: str, event_type: str, told_at: str) -> SourceRecord | BadRecord:
        settings = self._settings
        payload = json.dumps(entity, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        parts = [text_of(entity.get(name)) for name in settings.key]
        version = f"removed:{told_at}" if REMOVED in entity else version_of(entity, settings.changed)
        changed = entity.get(settings.changed) if settings.changed else None
        if settings.changed and REMOVED not in entity and not _is_moment(changed):
            version = None
        if version is None or not all(parts):
            lacks = "key" if version is not None else "time in `changed`" if settings.changed else "tag (@odata.etag)"
            return BadRecord(
                source=source, source_key=None, payload=payload, reason=f"the entity has no {lacks}: it cannot be named"
            )
        return SourceRecord(
            source=source,
            source_key=f"{'/'.join(part or '' for part in parts)}@{version}",
            event_type=event_type,
            occurred_at=_moment(changed) if isinstance(changed, str) else None,
            payload=payload,
            data=entity,
        )


def _latest(*told: str | None) -> str | None:
    """Return the latest of some times, as it was told."""
    found = [one for one in told if one is not None]
    return max(found, key=_moment) if found else None


def _is_moment(told: object) -> bool:
    if not isinstance(told, str):
        return False
    try:
        found = datetime.fromisoformat(told)
        # The first and last days there are may lie outside of all time in another zone.
        (found if found.tzinfo is not None else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def _moment(told: str) -> datetime:
    """Return the time that is told, in UTC where it names no zone; the earliest there is for what is none."""
    if not _is_moment(told):
        return datetime.min.replace(tzinfo=UTC)
    found = datetime.fromisoformat(told)
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
