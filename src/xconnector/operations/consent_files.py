"""Consents of other systems, from a file: what fits is kept, what does not is named and set aside."""

import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from xconnector.domain.consent import ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod
from xconnector.domain.matching.member_key import own_key
from xconnector.domain.routing.plan import Medium
from xconnector.operations.consents import ConsentError, refuse_odd
from xconnector.postgres.connect import Pool, in_transaction
from xconnector.store import consents

AT_ONCE = 1000
LONGEST_LINE = 100_000
"""Bytes."""
MOST_NAMED = 1000
"""Bad lines; further ones are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """A line that was not kept. The reason names no value of it."""

    number: int
    reason: str


@dataclass(slots=True, kw_only=True)
class Imported:
    """What became of the lines of a file."""

    new: int = 0
    known: int = 0
    """Kept before, word for word."""
    bad: int = 0
    bad_lines: list[BadLine]
    """The first of them."""

    def name(self, line: BadLine) -> None:
        """Count a line that was not kept."""
        self.bad += 1
        if self.bad <= MOST_NAMED:
            self.bad_lines.append(line)


class _Line(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    customer: str
    action: ConsentAction
    medium: Medium
    scope: str
    occurred_at: datetime
    basis: ConsentBasis | None = None
    wording: str | None = None
    language: str | None = None
    method: ConsentMethod | None = None
    shown: bool = False
    evidence: str | None = None
    by: str | None = None
    expires_on: date | None = None


_decoder = msgspec.json.Decoder(_Line)
_AT = re.compile(r" - at `\$\.(?P<field>\w+)`$")
_MISSING = re.compile(r"missing required field `(?P<field>\w+)`$")
_WANTED = {
    "action": f"one of {', '.join(ConsentAction)}",
    "medium": f"one of {', '.join(Medium)}",
    "basis": f"one of {', '.join(ConsentBasis)}",
    "method": f"one of {', '.join(ConsentMethod)}",
    "occurred_at": "a time such as 2026-11-23T08:00:00Z",
    "expires_on": "a day such as 2027-11-23",
    "shown": "true or false",
}


async def import_consents(
    pool: Pool,
    file: Path,
    *,
    source: str,
    categories: Collection[str],
    own_keys: bool = False,
    set_aside: Path | None = None,
) -> Imported:
    """Keep what the lines of a JSON Lines file say; to import a file again changes nothing.

    `categories` are those of the project; with `own_keys` the source numbers customers by itself. Bad lines go to
    `set_aside` as they came (of one that is too long, its beginning), to be corrected and imported.

    Raises FileExistsError, before anything is kept, when `set_aside` is there already.
    """
    imported = Imported(bad_lines=[])
    page: list[ConsentEvent] = []
    with set_aside.open("xb") if set_aside else nullcontext() as aside:
        for number, line in _lines(file):
            try:
                event = _event(line, source, categories)
                page.append(replace(event, customer_key=own_key(source, event.customer_key)) if own_keys else event)
            except ConsentError as error:
                imported.name(BadLine(number=number, reason=str(error)))
                if aside is not None:
                    aside.write(line.rstrip(b"\r\n") + b"\n")
            if len(page) == AT_ONCE:
                await _keep(pool, page, imported)
                page = []
        await _keep(pool, page, imported)
    return imported


async def _keep(pool: Pool, page: Sequence[ConsentEvent], imported: Imported) -> None:
    new = await in_transaction(pool, lambda connection: consents.add(connection, page))
    imported.new += new
    imported.known += len(page) - new


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines that hold anything, with their numbers; of one that is too long its beginning."""
    with file.open("rb") as opened:
        for number, line in enumerate(iter(lambda: opened.readline(LONGEST_LINE + 1), b""), start=1):
            rest = line
            while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
                rest = opened.readline(LONGEST_LINE + 1)
            if line.strip():
                yield number, line


def _event(line: bytes, source: str, categories: Collection[str]) -> ConsentEvent:
    """Raises ConsentError saying what is wrong with the line, without a value of it."""
    if len(line) > LONGEST_LINE:
        raise ConsentError(f"the line is longer than {LONGEST_LINE:,} bytes")
    try:
        said = _decoder.decode(line)
    except msgspec.ValidationError as error:
        raise ConsentError(_mistake(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ConsentError("the line is no JSON object") from None
    now = datetime.now(UTC)
    occurred_at = said.occurred_at if said.occurred_at.tzinfo else said.occurred_at.replace(tzinfo=UTC)
    event = ConsentEvent(
        customer_key=said.customer,
        medium=said.medium,
        scope=said.scope,
        action=said.action,
        occurred_at=min(occurred_at, now),
        recorded_at=now,
        source=source,
        actor=said.by or source,
        basis=said.basis,
        wording=said.wording,
        language=said.language,
        method=said.method,
        shown=said.shown,
        evidence=said.evidence,
        expires_on=said.expires_on,
    )
    refuse_odd(event, categories)
    return event


def _mistake(told: str) -> str:
    """Return in our words what a decoder says, without the value that it names."""
    if wrong := _AT.search(told):
        return f"{wrong['field']} must be {_WANTED.get(wrong['field'], 'text')}"
    if missing := _MISSING.search(told):
        return f"{missing['field']} is missing"
    return f"the line is no JSON object of {', '.join(_Line.__struct_fields__)}"
