"""OpenPGP by Sequoia. The only file that needs the extra `pgp`.

Old programs of houses cannot read the newer encrypted packets (SEIPDv2, AEAD): a key that asks for them is refused
unless the settings allow it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pysequoia
from pysequoia import Cert, PyDecryptor, PySigner, Tsk
from pysequoia.packet import PacketPile, Tag

from xconnector.connectors.print_house.sealing import BrokenSealError
from xconnector.connectors.print_house.settings import Pgp
from xconnector.contract.errors import MisconfiguredError, TransientError

_NEVER = datetime.max.replace(tzinfo=UTC)
_PROBE = b"xConnector"
_SESSION_KEY_OF_OLD = 3
"""Version of the packet that goes before SEIPDv1."""
_LARGEST_SEALED = 1 << 26
"""In bytes, of an acknowledgement."""
_PACKED = "Unexpected message structure"
"""What the library says of a signed message that is compressed, which it cannot prove."""


class PgpSeal:
    """A house's certificate and our own key."""

    def __init__(self, settings: Pgp, project_folder: Path) -> None:
        self._settings = settings
        self._house = _certificate(project_folder / settings.house_key)
        self._us = _our_key(settings)
        password = settings.passphrase.get_secret_value() if settings.passphrase else None
        self._signer: PySigner = _usable(lambda: self._us.signer(password), "sign")
        self._decryptor: PyDecryptor | None = _decryptor(self._us, password)

    def prove(self) -> None:
        if self._house.is_revoked or (self._house.expiration or _NEVER) <= datetime.now(UTC):
            raise MisconfiguredError("`house_key` has expired or was revoked; ask the house for its present key")
        try:
            probe = pysequoia.encrypt(_PROBE, recipients=self._recipients(), signer=self._signer, armor=False)
        except RuntimeError:
            raise MisconfiguredError("`house_key` cannot be encrypted for; ask the house for its present key") from None
        if not self._settings.newer_encryption and not _is_readable_by_old(bytes(probe)):
            raise MisconfiguredError(
                "`house_key` asks for newer encryption (AEAD), which older programs cannot read; ask the house for a "
                "key without it, or set `newer_encryption: true` when it can read it"
            )

    def close(self, source: Path, target: Path) -> None:
        try:
            pysequoia.encrypt_file(
                str(source), str(target), recipients=self._recipients(), signer=self._signer, armor=False
            )
        except RuntimeError:
            # The keys were proven when the connection was opened: it is the machine, as a rule.
            raise TransientError(
                f"{source.name} could not be encrypted and signed; is there room on the disk?"
            ) from None

    def opened(self, content: bytes) -> bytes:
        if len(content) > _LARGEST_SEALED:
            raise BrokenSealError(f"it has more than {_LARGEST_SEALED} bytes")
        return self._signed_by(self._house, content)

    def own(self, content: bytes) -> bytes:
        return self._signed_by(self._us.extract_certificate(), content)

    def _signed_by(self, signer: Cert, content: bytes) -> bytes:
        """Return what stands in a file that this key signed; nothing else is believed."""

        def known(_key_ids: Sequence[str]) -> list[Cert]:
            return [signer]

        try:
            if _is_encrypted(content):
                opened = pysequoia.decrypt(content, decryptor=self._decryptor, store=known)
            else:
                opened = pysequoia.verify(bytes=content, store=known)
        except RuntimeError as error:
            if _PACKED in str(error):
                raise BrokenSealError(
                    "it is packed below its encryption; let the house write it without (gpg --compress-algo none)"
                ) from error
            raise BrokenSealError("it is not encrypted for us, not signed as agreed, or damaged") from error
        if opened.bytes is None or not opened.valid_sigs:
            raise BrokenSealError("it is not signed as agreed")
        return bytes(opened.bytes)

    def _recipients(self) -> list[Cert]:
        # For ourselves too, where our key can: a manifest that lies at the house can be read again.
        return [self._house] if self._decryptor is None else [self._house, self._us.extract_certificate()]


def _certificate(path: Path) -> Cert:
    try:
        return Cert.from_bytes(path.read_bytes())
    except OSError:
        raise MisconfiguredError(f"there is no key at {path}; put the house's public key there") from None
    except RuntimeError:
        raise MisconfiguredError(f"{path} holds no OpenPGP certificate; export it from the house's program") from None


def _our_key(settings: Pgp) -> Tsk:
    try:
        return Tsk.from_bytes(settings.our_key.get_secret_value().encode())
    except RuntimeError:
        raise MisconfiguredError("`our_key` is no OpenPGP secret key; copy it whole, with its first line") from None


def _usable(made: Callable[[], PySigner], what: str) -> PySigner:
    try:
        return made()
    except RuntimeError:
        raise MisconfiguredError(f"`our_key` cannot {what}; correct it, or its `passphrase`") from None


def _decryptor(key: Tsk, password: str | None) -> PyDecryptor | None:
    try:
        return key.decryptor(password)
    except RuntimeError:  # a key for signing alone is enough to hand over
        return None


def _is_encrypted(content: bytes) -> bool:
    return any(packet.tag in (Tag.SEIP, Tag.PKESK) for packet in PacketPile.from_bytes(content))


def _is_readable_by_old(message: bytes) -> bool:
    return all(
        packet.body[0] == _SESSION_KEY_OF_OLD for packet in PacketPile.from_bytes(message) if packet.tag == Tag.PKESK
    )
