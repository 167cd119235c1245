"""The ticket that goes along with requests: fetched once for all, renewed before it ends or when it is called void."""

import asyncio
import time
from http import HTTPStatus

from xconnector.connectors.exstream.communications_server.client import Answer, Client, Peer
from xconnector.connectors.exstream.ticket import ticket_address, ticket_of, ticket_request
from xconnector.connectors.exstream.ticket_settings import TicketSignIn
from xconnector.contract.errors import MisconfiguredError, TransientError

_REFUSAL_STANDS = 10.0
"""Seconds in which a refused sign-in is not tried again: OTDS locks accounts after a few wrong passwords."""
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


class Tickets:
    """The sign-in of one connection."""

    def __init__(self, settings: TicketSignIn, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._fetching = asyncio.Lock()
        self._ticket: str | None = None
        self._ends_at = 0.0
        self._refusal: str | None = None
        self._refusal_ends_at = 0.0

    async def ticket(self, *, instead_of: str | None = None) -> str:
        """Return a ticket that holds: another one than what a server called void.

        Raises TransientError or MisconfiguredError.
        """
        async with self._fetching:
            now = time.monotonic()
            if self._ticket is not None and self._ticket != instead_of and now < self._ends_at:
                return self._ticket
            if self._refusal is not None and now < self._refusal_ends_at:
                raise MisconfiguredError(self._refusal)
            self._ticket = await self._fetched()
            self._ends_at = now + self._settings.lifetime.total_seconds()
            return self._ticket

    async def _fetched(self) -> str:
        peer = Peer(name="OTDS", url=ticket_address(self._settings), remedy="correct `sign_in`")
        answer = await self._client.ask(
            "POST",
            peer,
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            content=ticket_request(self._settings),
            timeout=self._settings.timeout,
        )
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR or answer.status in _LATER:
            raise TransientError(f"OTDS at {peer.url} answers {answer.status}: nobody can sign in at the moment")
        found = ticket_of(answer.body) if answer.is_success else None
        if found is None:
            raise self._refused(answer, peer)
        return found

    def _refused(self, answer: Answer, peer: Peer) -> MisconfiguredError:
        what = (
            "gives no ticket: correct the address of `sign_in`"
            if answer.is_success
            else f"answers {answer.status}: correct user, password, and address of `sign_in`"
        )
        self._refusal = f"OTDS at {peer.url} {what}"
        self._refusal_ends_at = time.monotonic() + _REFUSAL_STANDS
        return MisconfiguredError(self._refusal)
