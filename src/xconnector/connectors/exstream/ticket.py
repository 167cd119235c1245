"""Tickets of OTDS: how one is asked for, and how an answer calls it expired (S5, documented)."""

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

import msgspec

from xconnector.connectors.exstream.ticket_settings import TicketSignIn

EXPIRED: Final = 1034
"""`status` in the body of the answer to an expired ticket, which comes with 400 rather than 401."""

_VISIBLE = re.compile(r"[!-~]+", re.ASCII)


class _Ticket(msgspec.Struct):
    ticket: str


class _Refusal(msgspec.Struct):
    status: int | str | None = None


def ticket_address(settings: TicketSignIn) -> str:
    """Return where a ticket is asked for."""
    return settings.url + settings.endpoint_path.replace("{tenant}", quote(settings.tenant or "", safe=""))


def ticket_request(settings: TicketSignIn) -> bytes:
    """Return the JSON that asks for a ticket."""
    return msgspec.json.encode({"userName": settings.user, "password": settings.password.get_secret_value()})


def ticket_of(body: bytes) -> str | None:
    """Return the ticket that an answer gives, or None where it gives none that fits into a header."""
    try:
        ticket = msgspec.json.decode(body, type=_Ticket).ticket
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return ticket if _VISIBLE.fullmatch(ticket) else None


def is_void(status: int, body: bytes) -> bool:
    """Say whether an answer calls the ticket that was shown void, so that another one may help."""
    if status == HTTPStatus.UNAUTHORIZED:
        return True
    if status != HTTPStatus.BAD_REQUEST:
        return False
    try:
        told = msgspec.json.decode(body, type=_Refusal).status
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return str(told) == str(EXPIRED)
