"""What a print house's side offers, be it a folder or an SFTP server: files by name below one folder."""

from datetime import datetime
from pathlib import Path
from typing import Protocol


class Destination(Protocol):
    """Where bundles are laid down. Names are relative, with `/` between folders.

    Every call raises TransientError when the destination cannot be reached, MisconfiguredError when it
    refuses us.
    """

    async def check(self) -> None:
        """Prove that files can be written, without leaving one."""
        ...

    async def put(self, source: Path, name: str) -> None:
        """Lay a file down, whole or not at all, in place of what has this name.

        An upload of the same bytes that was interrupted goes on where it ended.
        """
        ...

    async def write(self, content: bytes, name: str) -> None:
        """Lay a small file down, whole or not at all, in place of what has this name."""
        ...

    async def commit(self, content: bytes, name: str) -> None:
        """Lay down a small new file by one atomic rename.

        Raises OutcomeUnknownError when the answer to the rename was lost.
        """
        ...

    async def size_of(self, name: str) -> int | None:
        """Return a file's size in bytes, or None where there is none."""
        ...

    async def digest_of(self, name: str) -> str:
        """Return the SHA-256 of a file in hexadecimal."""
        ...

    async def read(self, name: str, *, at_most: int) -> bytes | None:
        """Return a file's content, or None where there is none. Raises PermanentError for a larger one."""
        ...

    async def written_at(self, name: str) -> datetime | None:
        """Return when a file was last written, or None where there is none or the house's side does not tell."""
        ...

    async def names_in(self, folder: str) -> list[str]:
        """Return the sorted names in a folder; none where there is no folder."""
        ...

    async def move(self, name: str, target: str) -> None:
        """Move a file to a name that is free, and make the folder for it; nothing where the file is gone."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def beside(name: str) -> str:
    """Return the name under which a file is written before it is renamed: nobody takes half a file."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}.{last}.part"


def numbered(name: str, number: int) -> str:
    """Return the name to try next when the first ones are taken."""
    return name if number == 1 else f"{name}.{number}"
