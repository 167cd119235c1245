"""Keys of callers: a key opens one purpose, is shown once, and can be revoked at any time."""

import re
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from xconnector.domain.keys import Purpose
from xconnector.postgres.connect import Pool, reading, transaction
from xconnector.store import keys
from xconnector.store.keys import NamedKey

_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,62}", re.ASCII)
_RANDOM_BYTES = 32


class KeyNameError(ValueError):
    """The name cannot be used for this; the message says why and what to do."""


async def make_key(pool: Pool, name: str, purpose: Purpose) -> str:
    """Make a key and return it, the only time it is seen: only its digest is kept.

    Raises KeyNameError when a key of that name still opens something.
    """
    if _NAME.fullmatch(name) is None:
        raise KeyNameError("name the key after its caller, in lower-case letters, digits, dot, hyphen and underscore")
    key = f"xc_{purpose}_{secrets.token_urlsafe(_RANDOM_BYTES)}"
    async with transaction(pool) as connection:
        kept = await keys.remember(connection, name=name, key=key, purpose=purpose, now=datetime.now(UTC))
    if not kept:
        raise KeyNameError(
            f"{name} has a key already: revoke it first (`xconnector keys revoke {name}`), or use another name"
        )
    return key


async def revoke_key(pool: Pool, name: str) -> None:
    """Let a key open nothing any more, from this moment on.

    Raises KeyNameError when there is none of that name that opens anything.
    """
    async with transaction(pool) as connection:
        revoked = await keys.revoke(connection, name=name, now=datetime.now(UTC))
    if not revoked:
        raise KeyNameError(f"{name} has no key that opens anything; `xconnector keys list` shows all")


async def every_key(pool: Pool) -> list[NamedKey]:
    """Return what is known of every key that was ever made, by name."""
    async with transaction(pool) as connection:
        return await keys.every_key(connection)


async def callers(pool: Pool, given: Sequence[tuple[str, Purpose]]) -> list[str | None]:
    """Return the names of the callers whose keys these are, each given with what it is to open, in order.

    None for a key that opens nothing, or something else.
    """
    async with reading(pool) as connection:
        return await keys.owners(connection, given)
