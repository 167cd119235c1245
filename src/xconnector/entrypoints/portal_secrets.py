"""The secrets that sign portal links: from the environment, or made once and kept in the project's state folder."""

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from xconnector.domain.portal_link import PortalSecrets

PORTAL_SECRET = "XCONNECTOR_PORTAL_SECRET"  # noqa: S105 - the name of the variable
"""One secret, or several with blanks between: the first signs, and links of the others stay good."""
SECRET_FILE = "portal-secret"  # noqa: S105 - the name of the file
_RANDOM_BYTES = 32
_OURS_ALONE = 0o077


class PortalSecretError(Exception):
    """The secret cannot be used; the message says what to do and shows none of it."""


def portal_secrets(state_folder: Path, environment: Mapping[str, str]) -> PortalSecrets:
    """Return the secrets of this project's portal links.

    Raises PortalSecretError.
    """
    given = environment.get(PORTAL_SECRET, "").split()
    try:
        return PortalSecrets(given or _kept(state_folder / SECRET_FILE))
    except ValueError as error:
        where = PORTAL_SECRET if given else str(state_folder / SECRET_FILE)
        raise PortalSecretError(f"{where}: {error}") from None


def _kept(path: Path) -> list[str]:
    try:
        if not path.exists():
            _make(path)
        if path.stat().st_mode & _OURS_ALONE:
            raise PortalSecretError(
                f"{path} can be read by others: make a new one (delete it, which ends all links), or `chmod 600` it"
            )
        return path.read_text(encoding="ascii").split()
    except OSError as error:
        raise PortalSecretError(f"{path}: {error.strerror}; set {PORTAL_SECRET} instead, or mend the folder") from error


def _make(path: Path) -> None:
    """Make the file whole or not at all; of two programs that make it at once, the first wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(_RANDOM_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(beside, path)
    finally:
        beside.unlink()
