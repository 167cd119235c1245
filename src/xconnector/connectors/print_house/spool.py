"""A bundle's workplace on disk: the letters as they come in, so that memory holds one at a time."""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from xconnector.connectors.print_house.ticket import Layout, LeftOut, Piece, Ticket
from xconnector.contract.channel import Bundle, Dispatch, EnvelopeSharing
from xconnector.contract.errors import PermanentError, TransientError
from xconnector.domain.document import Rendition, RenditionKind

_SAFE_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_PRIVATE = 0o700


def checked_key(bundle_key: str) -> str:
    """Return the key. Raises PermanentError for one that is not safe as a file name."""
    if not _SAFE_KEY.fullmatch(bundle_key):
        raise PermanentError("a bundle key consists of letters, digits, dot, dash, and underscore: name the run so")
    return bundle_key


class Spool:
    """A private folder for one bundle while it is made; it is gone afterwards, whatever happens.

    Raises TransientError on entering while another process makes the same bundle.
    """

    def __init__(self, folder: Path, bundle_key: str) -> None:
        self.folder = folder / checked_key(bundle_key)
        self._lock = -1

    def __enter__(self) -> Self:
        self.folder.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        self._lock = _locked(_lock_file(self.folder))
        if self._lock < 0:
            raise TransientError(f"bundle {self.folder.name} is being made by another process; wait for it")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=_PRIVATE)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _remove(self.folder, self._lock)

    def fill(self, bundle: Bundle, pieces: Iterable[Dispatch], layout: Layout) -> Ticket:
        """Write every letter to disk as it comes and return the ticket of the bundle.

        Raises PermanentError when the pieces are not as many as the bundle says, or one comes twice.
        """
        try:
            placed, left_out = self._write(pieces, layout)
        except OSError as error:
            raise TransientError(f"no room for bundle {bundle.bundle_key} in {self.folder}: free disk space") from error
        keys = [piece.dispatch_key for piece in (*placed, *left_out)]
        if not bundle.pieces == len(keys) == len(set(keys)):
            raise PermanentError(
                f"bundle {bundle.bundle_key} should hold {bundle.pieces} pieces; {len(keys)} were given, "
                f"{len(set(keys))} of them different: collect it anew"
            )
        return Ticket(
            bundle_key=bundle.bundle_key,
            run=bundle.run,
            created_at=bundle.created_at,
            layout=layout,
            pieces=tuple(placed),
            left_out=tuple(left_out),
            first_number=bundle.first_number,
        )

    def _write(self, pieces: Iterable[Dispatch], layout: Layout) -> tuple[list[Piece], list[LeftOut]]:
        placed: list[Piece] = []
        left_out: list[LeftOut] = []
        offset = 0
        with (self.folder / "spool").open("wb") as letters:
            for position, dispatch in enumerate(pieces):
                letter = dispatch.renditions.get(RenditionKind.LETTER)
                if letter is None:
                    left_out.append(LeftOut(dispatch_key=dispatch.dispatch_key, reason="it has no letter to print"))
                    continue
                piece = _piece(position, dispatch, letter, offset=offset)
                placed.append(replace(piece, household=household_of(dispatch)) if layout.shares_envelopes else piece)
                offset += letters.write(letter.content)
        return placed, left_out

    def write_ticket(self, ticket: Ticket) -> None:
        """Lay the ticket down for the press."""
        (self.folder / "ticket.json").write_bytes(msgspec.json.encode(ticket))
        (self.folder / "progress").write_bytes(b"")


def sweep(folder: Path) -> None:
    """Remove what processes left behind that died while they made a bundle."""
    for left in folder.glob("*/"):
        lock = _locked(_lock_file(left))
        if lock >= 0:
            _remove(left, lock)


def _piece(position: int, dispatch: Dispatch, letter: Rendition, *, offset: int) -> Piece:
    return Piece(
        position=position,
        dispatch_key=dispatch.dispatch_key,
        communication_id=str(dispatch.communication_id),
        sha256=letter.sha256,
        offset=offset,
        length=len(letter.content),
        stated_pages=letter.pages,
        country=dispatch.recipient.country,
        proof=dispatch.proof,
        options=dispatch.print_options,
        reprint_of=dispatch.reprint_of,
        postcode=dispatch.recipient.postcode,
    )


def household_of(dispatch: Dispatch) -> str | None:
    """Return the same for letters that may share an envelope; None for one that goes alone.

    They have the same sharing, address, and print options, and none asks for a proof of mailing.
    """
    recipient = dispatch.recipient
    if dispatch.sharing is EnvelopeSharing.NONE or dispatch.proof is not None or not recipient.address_lines:
        return None
    who = (recipient.customer_key, recipient.name) if dispatch.sharing is EnvelopeSharing.CUSTOMER else ()
    where = (*recipient.address_lines, recipient.postcode, recipient.country)
    same = [dispatch.sharing, who, [" ".join(line.casefold().split()) for line in where], dispatch.print_options]
    return hashlib.sha256(msgspec.json.encode(same, order="sorted")).hexdigest()


def _lock_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.lock")


def _locked(path: Path) -> int:
    """Return a descriptor that holds the lock, or -1 while another process holds it."""
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            return -1
        if _is_still(path, lock):
            return lock
        # Its last holder removed the file between our two calls.
        os.close(lock)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    _lock_file(folder).unlink(missing_ok=True)
    os.close(lock)
