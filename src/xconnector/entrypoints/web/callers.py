"""Callers: known by the key that they bear, or refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.gathering import Gathering
from xconnector.entrypoints.web.refusals import Refusal
from xconnector.operations.keys import callers
from xconnector.postgres.connect import Pool

Given = tuple[str, Purpose]
"""A key, and what it is to open."""


class Callers:
    """Looks keys up for every request, so that a revoked one opens nothing from that moment on.

    Requests that arrive while others are looked up share one look at the database.
    """

    def __init__(self, pool: Pool, *, patience: timedelta) -> None:
        self._lookups = Gathering[Given, str | None](partial(callers, pool))
        self._patience = patience.total_seconds()

    def known(self, purpose: Purpose) -> Callable[..., Awaitable[str]]:
        """Return the dependency that gives the name of the caller whose key opens this, and refuses all others."""
        bearer = HTTPBearer(
            auto_error=False,
            scheme_name=f"{purpose} key",
            description=f"Made with `xconnector keys new NAME --purpose {purpose}`.",
        )

        async def depend(
            request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)] = None
        ) -> str:
            key = _borne(request)
            name = None if key is None else await self._caller(key, purpose)
            if name is None:
                raise _unknown(purpose)
            request.state.caller = name
            return name

        return depend

    async def _caller(self, key: str, purpose: Purpose) -> str | None:
        async with asyncio.timeout(self._patience):
            (name,) = await self._lookups.hand_in([(key, purpose)])
        if isinstance(name, BaseException):
            raise name
        return name


def _borne(request: Request) -> str | None:
    """Return the bearer token of a request; routes that are called straight have nobody who reads it for them."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def _unknown(purpose: Purpose) -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        f"send a key for {purpose} as `Authorization: Bearer …`; "
        f"`xconnector keys new NAME --purpose {purpose}` makes one",
        headers={"WWW-Authenticate": "Bearer"},
    )
