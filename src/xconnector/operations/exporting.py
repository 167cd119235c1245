"""Export to analytics: the reporting views as Parquet files, one for each view and day."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from xconnector.operations.parquet_file import ParquetFile
from xconnector.postgres.connect import Connection, Pool, snapshot
from xconnector.store.reporting_rows import TIME_OF, Page, pages


class ExportError(Exception):
    """An export cannot be made as asked; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOrder:
    """What is to be exported, and whereto."""

    folder: Path
    first: date
    last: date
    """The last day; it is included."""
    timezone: str
    """In which days are counted."""
    views: Sequence[str] = tuple(TIME_OF)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedView:
    """What was written of one view."""

    view: str
    rows: int
    files: int


Told = Callable[[str, int], None]
"""Hears the view and how many more rows of it are written."""


def _nobody(_view: str, _rows: int) -> None:
    """Hear nothing."""


async def export(pool: Pool, order: ExportOrder, *, told: Told = _nobody) -> list[ExportedView]:
    """Write the rows of each view and day into `FOLDER/VIEW/day=YYYY-MM-DD/VIEW.parquet`, all as of one moment.

    The same days again replace their files; a day without rows has none.

    Raises ExportError, and MisconfiguredError where pyarrow is not installed.
    """
    if unknown := [view for view in order.views if view not in TIME_OF]:
        raise ExportError(f"there is no {unknown[0]!r} to export; there are {', '.join(TIME_OF)}")
    if order.first > order.last:
        raise ExportError(f"the first day, {order.first}, is after the last, {order.last}")
    try:
        async with snapshot(pool) as connection:
            return [await _export_view(connection, order, view, told) for view in dict.fromkeys(order.views)]
    except OSError as failed:
        raise ExportError(f"{failed.filename or order.folder} cannot be written: {failed.strerror}") from failed


async def _export_view(connection: Connection, order: ExportOrder, view: str, told: Told) -> ExportedView:
    zone = ZoneInfo(order.timezone)
    since = datetime.combine(order.first, time(), zone).astimezone(UTC)
    until = datetime.combine(order.last + timedelta(days=1), time(), zone).astimezone(UTC)
    writing = _Days(order.folder / view, view, zone)
    rows = 0
    try:
        async for page in pages(connection, view, since=since, until=until):
            await asyncio.to_thread(writing.write, page)
            rows += len(page.rows)
            told(view, len(page.rows))
        await asyncio.to_thread(writing.finish)
    except BaseException:
        writing.discard()
        raise
    _forget(order, view, except_for=writing.days)
    return ExportedView(view=view, rows=rows, files=len(writing.days))


class _Days:
    """The files of one view: rows come in the order of their time, so that one is open at a time."""

    def __init__(self, folder: Path, view: str, zone: ZoneInfo) -> None:
        self._folder, self._view, self._zone = folder, view, zone
        self._open: ParquetFile | None = None
        self.days: list[date] = []

    def write(self, page: Page) -> None:
        place = [name for name, _ in page.columns].index(TIME_OF[self._view])
        start = 0
        for index, row in enumerate(page.rows):
            day = row[place].astimezone(self._zone).date()
            # Where clocks go back at midnight, an hour of the day before comes twice: it stays with the later day.
            if not self.days or day > self.days[-1]:
                self._append(page.rows[start:index])
                start = index
                self.finish()
                self._open = ParquetFile(_file(self._folder, self._view, day), page.columns)
                self.days.append(day)
        self._append(page.rows[start:])

    def _append(self, rows: Sequence[tuple[object, ...]]) -> None:
        if rows and self._open is not None:
            self._open.write(rows)

    def finish(self) -> None:
        """Let the file of the latest day stand."""
        if self._open is not None:
            self._open.finish()
        self._open = None

    def discard(self) -> None:
        if self._open is not None:
            self._open.discard()
        self._open = None


def _file(folder: Path, view: str, day: date) -> Path:
    return folder / f"day={day.isoformat()}" / f"{view}.parquet"


def _forget(order: ExportOrder, view: str, *, except_for: Iterable[date]) -> None:
    """Take away files of days that have no rows any more."""
    kept = set(except_for)
    for number in range((order.last - order.first).days + 1):
        day = order.first + timedelta(days=number)
        if day not in kept:
            _file(order.folder / view, view, day).unlink(missing_ok=True)
