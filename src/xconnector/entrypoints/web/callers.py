"""Callers: known by the key that they bear, or refused."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from xconnector.domain.keys import Purpose
from xconnector.entrypoints.web.refusals import Refusal
from xconnector.operations.keys import caller
from xconnector.postgres.connect import Pool


def known_caller(pool: Pool, purpose: Purpose, *, patience: timedelta) -> Callable[..., Awaitable[str]]:
    """Return the dependency that gives the name of the caller whose key opens this purpose, and refuses all others."""
    bearer = HTTPBearer(
        auto_error=False,
        scheme_name=f"{purpose} key",
        description=f"Made with `xconnector keys new NAME --purpose {purpose}`.",
    )

    async def depend(
        request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]
    ) -> str:
        if credentials is None:
            raise _unknown(purpose)
        async with asyncio.timeout(patience.total_seconds()):
            name = await caller(pool, credentials.credentials, purpose)
        if name is None:
            raise _unknown(purpose)
        request.state.caller = name
        return name

    return depend


def _unknown(purpose: Purpose) -> Refusal:
    return Refusal(
        HTTPStatus.UNAUTHORIZED,
        f"send a key for {purpose} as `Authorization: Bearer …`; "
        f"`xconnector keys new NAME --purpose {purpose}` makes one",
        headers={"WWW-Authenticate": "Bearer"},
    )
