"""The keys of members, page by page: those of many members are computed by two programs beside this one."""

import asyncio
import hashlib
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import TypeAlias

from xconnector.contract.errors import TransientError
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.keys import MatchingRules
from xconnector.domain.survivorship import SurvivorshipRow
from xconnector.store.customer_matching import Key, NarrowReading, SaidRow, keys_text

SECRET_BYTES = 32
MANY = 50_000
"""Members of whom on it pays to begin other programs, which takes a second."""
_PROGRAMS = 2
_SIGN = 1 << 63
_KEY_BYTES = 16
_VALUE_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecipe:
    """What the keys of a member are made by."""

    rules: MatchingRules
    survivorship: Sequence[SurvivorshipRow]
    at: datetime
    secret: bytes = field(repr=False)
    """Of this one matching: keys are digests under it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysOfPage:
    """The keys of a page of members."""

    keys: str = field(repr=False)
    """As `customer_matching.keep_keys` takes them."""
    differing: Sequence[tuple[int, str, int]] = field(repr=False)
    """By number and name the digests of what must not differ."""


MakeKeys: TypeAlias = Callable[[Sequence[SaidRow]], Awaitable[KeysOfPage]]


@asynccontextmanager
async def key_making(recipe: KeyRecipe, members: int) -> AsyncGenerator[MakeKeys]:
    """Give what computes the keys of a page, which begins at once and can be awaited later.

    Of so many members that it pays other programs do it. They end with the block, and where this one is killed.
    """
    loop = asyncio.get_running_loop()
    with _executor(members) as executor:
        try:
            yield lambda said: loop.run_in_executor(executor, keys_of_page, recipe, said)
        except BrokenProcessPool:
            raise TransientError(
                "a program that computes keys was ended from outside; is there enough memory? "
                "What was linked stays: give the same command again"
            ) from None
        finally:
            executor.shutdown(wait=False, cancel_futures=True)


def _executor(members: int) -> Executor:
    if members < MANY or os.cpu_count() == 1:
        return ThreadPoolExecutor(1)
    # Spawned, not forked: this program has threads, and connections to the database.
    return ProcessPoolExecutor(_PROGRAMS, mp_context=get_context("spawn"), initializer=_follow_parent)


def _follow_parent() -> None:
    """End when the program ends that began this one, however it ends; who stops that one by ^C stops both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None, "another program began this one"

    def follow() -> None:
        parent.join()
        os._exit(1)

    Thread(target=follow, daemon=True).start()


def keys_of_page(recipe: KeyRecipe, said: Sequence[SaidRow]) -> KeysOfPage:
    """Return the keys of members of whom sources say this."""
    members = _Members(recipe)
    keys: list[Key] = []
    differing: list[tuple[int, str, int]] = []
    for number, records in members.read(said).items():
        values = members.values(records)
        keys += [
            (position, _digest(recipe, key, _KEY_BYTES).hex(), number)
            for position, key in enumerate(recipe.rules.keys(values))
            if key is not None
        ]
        for name in recipe.rules.unless_differ:
            if name in values:
                # Never 0, which says nothing.
                digest = int.from_bytes(_digest(recipe, [values[name]], _VALUE_BYTES)) - _SIGN or 1
                differing.append((number, name, digest))
    return KeysOfPage(keys=keys_text(keys), differing=differing)


class _Members:
    """Members as the recipe asks for them."""

    def __init__(self, recipe: KeyRecipe) -> None:
        self._recipe = recipe
        self._survivorship = Survivorship(recipe.survivorship)
        # Most of what is said decides nothing of the keys.
        self.read = NarrowReading(self._survivorship.decided_with(recipe.rules.fields)).members

    def values(self, records: Sequence[CustomerRecord]) -> dict[str, str]:
        member = records[0].customer_key if records else ""
        return self._recipe.rules.values(self._survivorship.golden(member, records, at=self._recipe.at).fields)


def _digest(recipe: KeyRecipe, parts: Sequence[str], size: int) -> bytes:
    # Each with its length before it, so that no two keys run together.
    told = "".join([f"{len(part)}:{part}" for part in parts]).encode()
    return hashlib.blake2b(told, digest_size=size, key=recipe.secret).digest()
