"""Customers: loading what one source says of them.

A load is one command over one or several files. Each page of records is a transaction of its own that also says how far
the file came: a load that was interrupted goes on there, and ends like one that was not.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import chain, islice
from pathlib import Path
from uuid import UUID, uuid4

from xconnector.contract.errors import PermanentError, TransientError
from xconnector.domain.counted import counted
from xconnector.domain.customer import CustomerRecord
from xconnector.operations.customer_files import (
    CustomerFile,
    FeedReading,
    FileCustomer,
    Origin,
    open_customer_file,
)
from xconnector.postgres.connect import Connection, Pool, in_transaction, reading, transaction
from xconnector.project.customer_fields import CustomerFields
from xconnector.store import customer_loads, customers
from xconnector.store.customer_loads import CustomerLoad, Progress, Reject

AT_ONCE = 2000
"""Records of a transaction."""
LARGEST_PAGE = 16_000_000
"""Bytes of a transaction's records."""
MOST_KEPT_ASIDE = 64_000
"""Bytes that are kept of a record that is set aside."""
MOST_SET_ASIDE = 10_000
"""Records of a file: whose more say nothing we understand, it is no file of customers."""
MOST_NAMED = 1000
"""Records that are named of those that were set aside."""
MOST_SHOWN = 20
"""Records that are named of those for which a whole load is refused."""


_LONGEST_NAME = 200
"""Characters of a field's name that are told."""
_SHORT = 8
"""Characters of an id that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTerms:
    """How files are loaded."""

    source: str
    """The system they come from."""
    own_keys: bool = False
    """Whether the source numbers customers by itself: its keys get its name in front."""
    feed: FeedReading | None = None
    """The feed that reads them; None for files that are recognised."""
    as_of: datetime | None = None
    """When a record was so that does not say it; when its load began, by default."""
    zone: tzinfo = UTC
    """Of a time in the files that names none."""
    home_country: str | None = None
    """Of telephone numbers of customers whose country is not said, ISO 3166-1 alpha-2."""
    fields: CustomerFields = field(default_factory=CustomerFields)
    """Those that the project knows: others are kept, and told."""
    is_strict: bool = False
    """Whether one record that says nothing we understand keeps all out."""
    most_gone: float | None = None
    """Given, the files are all that the source has: whom they do not hold is retracted, if it is at most this share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What a load came to: its files, and the first records that were set aside."""

    loads: Sequence[CustomerLoad]
    rejects: Sequence[tuple[str, Reject]] = field(repr=False)
    """With the names of their files."""

    @property
    def set_aside(self) -> int:
        return sum(load.set_aside for load in self.loads)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A load, and the first of its records that were set aside."""

    load: CustomerLoad
    rejects: Sequence[Reject] = field(repr=False)


class LoadRefusedError(Exception):
    """A load is not made, or not ended; the message says why, and what to do."""


async def load_customers(
    pool: Pool,
    files: Sequence[Path],
    terms: LoadTerms,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Loaded:
    """Keep what files say of customers; a record that says nothing we understand is set aside, with its bytes and why.

    The same files again, after the load was interrupted, go on where it stopped. `progress` is told the name of a file,
    bytes read of it, and bytes in all.

    Raises LoadRefusedError, CustomerFileError, ControlTotalsMismatchError or one of the contract's errors.
    """
    with ExitStack() as stack:
        opened = [await asyncio.to_thread(stack.enter_context, open_customer_file(path, terms.feed)) for path in files]
        async with _missing(pool, opened, terms) as gone:
            loads = await _begin(pool, opened, terms)
            for load, file in zip(loads, opened, strict=True):
                await _load_or_give_up(pool, load, file, terms, partial(progress, file.name) if progress else None)
            retracted = 0
            if gone is not None and not await _set_aside(pool, loads):
                retracted = await _retract(pool, gone, terms.source, as_of=min(load.as_of for load in loads))
        return await _end(pool, loads, retracted)


async def newest_loads(pool: Pool, limit: int) -> list[CustomerLoad]:
    """Return the latest loads, newest first."""
    async with reading(pool) as connection:
        return await customer_loads.newest(connection, limit)


async def rejects_of(pool: Pool, load_id: str) -> Rejected:
    """Return a load with the first records that were set aside, by its id or the beginning of it.

    Raises LoadRefusedError where there is no such load, or more than one.
    """
    async with reading(pool) as connection:
        load = await _found(connection, load_id)
        return Rejected(load=load, rejects=await customer_loads.rejects(connection, load.load_id, limit=MOST_NAMED))


async def write_rejects(pool: Pool, load_id: str, file: Path) -> int:
    """Write the records of a load that were set aside into a new file, each a line as it came; returns how many.

    Raises LoadRefusedError where there is no such load, or more than one; FileExistsError where the file is there.
    """
    number = position = 0
    async with reading(pool) as connection:
        load = await _found(connection, load_id)
        with file.open("xb") as out:
            while page := await customer_loads.rejects(connection, load.load_id, after=position):
                out.writelines(reject.payload.rstrip(b"\r\n") + b"\n" for reject in page)
                number, position = number + len(page), page[-1].position
    return number


def short_id(load_id: UUID) -> str:
    """Return the beginning of an id, by which a person names the load."""
    return str(load_id)[:_SHORT]


async def _found(connection: Connection, load_id: str) -> CustomerLoad:
    found = await customer_loads.ids_like(connection, load_id.strip(), 2) if load_id.strip() else []
    if len(found) != 1:
        wrong = (
            f"several loads begin with {load_id!r}; give more of the id" if found else f"there is no load {load_id!r}"
        )
        raise LoadRefusedError(f"{wrong}; xconnector customers loads lists them")
    (load,) = await customer_loads.of_ids(connection, found)
    return load


# ---------------------------------------------------------------- before anything is kept


@asynccontextmanager
async def _missing(pool: Pool, files: Sequence[CustomerFile], terms: LoadTerms) -> AsyncGenerator[Connection | None]:
    """Read the files once where something has to be known of them as a whole, and refuse what must not be kept.

    Gives the connection on which the customers that are missing in full files are listed, None where nobody asks.
    """
    if terms.most_gone is None:
        if terms.is_strict:
            await asyncio.to_thread(_refuse_unfit, files, terms)
        yield None
        return
    async with pool.connection() as connection:
        await customer_loads.open_list(connection)
        for file in files:
            records = file.records(_origin(terms))
            while page := await asyncio.to_thread(_page, records):
                await customer_loads.write_down(
                    connection, [one.record.customer_key for one in page if one.record is not None]
                )
        if terms.is_strict:
            await asyncio.to_thread(_refuse_unfit, files, terms)
        found = await customer_loads.find_gone(connection, terms.source)
        if found.gone and found.gone == found.known and terms.most_gone < 1:
            raise LoadRefusedError(
                f"{_named(files)} nobody of the {counted(found.known, 'customer')} of {terms.source}: is it "
                "empty, cut off, or of another source? Nothing was kept. If all of them are gone indeed, say so "
                "with --most-gone 100%"
            )
        if found.gone > terms.most_gone * found.known:
            raise LoadRefusedError(
                f"{found.gone:,} of the {found.known:,} customers of {terms.source} are missing in what should be all "
                f"that it has, which is more than {terms.most_gone:.0%}. Nothing was kept. If they are gone indeed, "
                "say so with --most-gone"
            )
        yield connection


def _named(files: Sequence[CustomerFile]) -> str:
    return f"{files[0].name} holds" if len(files) == 1 else f"these {len(files)} files hold"


def _refuse_unfit(files: Sequence[CustomerFile], terms: LoadTerms) -> None:
    unfit = (
        f"{file.name}:{one.line}: {one.wrong}"
        for file in files
        for one in file.records(_origin(terms))
        if one.record is None
    )
    if named := list(islice(unfit, MOST_SHOWN)):
        more = ["and perhaps more"] if len(named) == MOST_SHOWN else []
        raise LoadRefusedError("\n".join(["nothing was kept, since not all can be:", *named, *more]))


def _origin(terms: LoadTerms) -> Origin:
    now = datetime.now(UTC)
    return _origin_at(terms, now, read_at=now)


def _origin_at(terms: LoadTerms, as_of: datetime, *, read_at: datetime) -> Origin:
    return Origin(
        source=terms.source,
        as_of=as_of,
        read_at=read_at,
        own_keys=terms.own_keys,
        zone=terms.zone,
        home_country=terms.home_country,
    )


# ---------------------------------------------------------------- keeping


async def _begin(pool: Pool, files: Sequence[CustomerFile], terms: LoadTerms) -> list[CustomerLoad]:
    now = datetime.now(UTC)
    async with transaction(pool) as connection:
        return [
            await customer_loads.begin(
                connection,
                CustomerLoad(
                    load_id=uuid4(),
                    source=terms.source,
                    feed=terms.feed.name if terms.feed else "",
                    file_name=file.name,
                    file_sha256=file.original.sha256,
                    as_of=min(terms.as_of or now, now),
                    is_full=terms.most_gone is not None,
                    declared=file.declared,
                    started_at=now,
                ),
            )
            for file in files
        ]


async def _load_or_give_up(
    pool: Pool,
    load: CustomerLoad,
    file: CustomerFile,
    terms: LoadTerms,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Load a file; where it cannot be read to its end, the load ends with the reason, and keeps what came before."""
    try:
        await _load(pool, load, file, terms, progress)
    except (PermanentError, LoadRefusedError) as unreadable:
        async with transaction(pool) as connection:
            await customer_loads.give_up(connection, load.load_id, str(unreadable), datetime.now(UTC))
            (ended,) = await customer_loads.of_ids(connection, [load.load_id])
        raise LoadRefusedError(
            f"{unreadable}\nBefore that, of {counted(ended.records, 'record')} {ended.kept:,} were kept. Mend the "
            "file and give the same command again: what is known by then counts as unchanged"
        ) from None


async def _load(
    pool: Pool,
    load: CustomerLoad,
    file: CustomerFile,
    terms: LoadTerms,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Keep what follows the records that were kept before; while a page is kept, the next one is read."""
    origin = _origin_at(terms, load.as_of, read_at=load.started_at)
    records = islice(file.records(origin), load.records, None)
    done, read, set_aside = load.records, 0, load.set_aside
    page = await asyncio.to_thread(_page, records)
    while page:
        file.original.prove_unchanged()
        _, following = await asyncio.gather(
            _keep(pool, load, page, terms.fields, after=done), asyncio.to_thread(_page, records)
        )
        done, read = done + len(page), read + sum(len(one.payload) for one in page)
        set_aside += sum(one.record is None for one in page)
        if set_aside > MOST_SET_ASIDE:
            raise LoadRefusedError(
                f"{load.file_name}: {set_aside:,} of the first {done:,} records say nothing that can be kept. "
                f"What was wrong with them: xconnector customers rejects {short_id(load.load_id)}"
            )
        if progress is not None:
            progress(read, file.size)
        page = following


def _page(records: Iterator[FileCustomer]) -> list[FileCustomer]:
    page: list[FileCustomer] = []
    size = 0
    for one in records:
        page.append(one)
        size += len(one.payload)
        if len(page) == AT_ONCE or size > LARGEST_PAGE:
            break
    return page


async def _keep(
    pool: Pool, load: CustomerLoad, page: Sequence[FileCustomer], fields: CustomerFields, *, after: int
) -> None:
    """Keep a page, and how far the file came, in one transaction."""
    said = [one.record for one in page if one.record is not None]
    rejects = [
        Reject(position=after + place, line=one.line, reason=one.wrong, payload=one.payload[:MOST_KEPT_ASIDE])
        for place, one in enumerate(page, start=1)
        if one.record is None
    ]

    named = Counter(chain.from_iterable(record.fields for record in said))
    unknown = {name[:_LONGEST_NAME]: named[name] for name in fields.unknown(named)}

    async def write(connection: Connection) -> None:
        kept = await customers.remember(connection, said, datetime.now(UTC))
        progress = Progress(kept=kept, unchanged=len(said) - kept, rejects=rejects, unknown=unknown)
        if not await customer_loads.advance(connection, load.load_id, progress, after=after):
            raise TransientError(f"{load.file_name} is being loaded by another program as well; let that one end")

    await in_transaction(pool, write)


# ---------------------------------------------------------------- ending


async def _set_aside(pool: Pool, loads: Sequence[CustomerLoad]) -> int:
    """Count the records that were set aside: any of them may be of a customer that seems to be missing."""
    async with reading(pool) as connection:
        found = await customer_loads.of_ids(connection, [load.load_id for load in loads])
    return sum(load.set_aside for load in found)


async def _retract(pool: Pool, gone: Connection, source: str, *, as_of: datetime) -> int:
    """Let a source take back all that it said of the customers it no longer has."""
    number = 0
    async for keys in customer_loads.gone_customers(gone):
        taken_back = [
            CustomerRecord(customer_key=key, source=source, as_of=as_of, fields={}, replaces_all=True) for key in keys
        ]
        number += await in_transaction(
            pool, lambda connection, records=taken_back: customers.remember(connection, records, datetime.now(UTC))
        )
    return number


async def _end(pool: Pool, loads: Sequence[CustomerLoad], retracted: int) -> Loaded:
    ids = [load.load_id for load in loads]
    async with transaction(pool) as connection:
        await customer_loads.end(connection, ids, retracted=retracted, now=datetime.now(UTC))
        ended = await customer_loads.of_ids(connection, ids)
        rejects: list[tuple[str, Reject]] = []
        for load in ended:
            found = await customer_loads.rejects(connection, load.load_id, limit=MOST_NAMED - len(rejects))
            rejects += [(load.file_name, reject) for reject in found]
    return Loaded(loads=ended, rejects=rejects)
