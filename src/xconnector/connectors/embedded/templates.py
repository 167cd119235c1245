"""The project's templates: read once, and kept as an immutable copy under their SHA-256."""

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from xconnector.contract.errors import MisconfiguredError
from xconnector.domain.document import RenditionKind

MAIN_FILES = {
    RenditionKind.LETTER: "letter.typ",
    RenditionKind.EMAIL: "e-mail.mjml",
    RenditionKind.SMS: "sms.txt",
    RenditionKind.PUSH: "push.txt",
}
"""The file in a template's folder from which each rendition is made."""
TEXT_PART = "e-mail.txt"
"""The plain text of an e-mail; its first line is the subject."""

_MOST_FILES = 10_000
_MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Templates:
    """Every file below the templates folder, as it was at one moment."""

    shown_as: str
    """What the folder is called in messages, as the project's settings name it."""
    files: Mapping[str, bytes] = field(repr=False)
    """By path from the folder, with `/`."""

    @property
    def names(self) -> tuple[str, ...]:
        """The templates: each has a folder of its own; one that begins with `_` holds shared pieces."""
        folders = {path.split("/")[0] for path in self.files if "/" in path}
        return tuple(sorted(name for name in folders if not name.startswith("_")))

    @property
    def digest(self) -> str:
        """SHA-256 over the path and content of every file."""
        lines = (f"{path}\0{sha256(content).hexdigest()}\n" for path, content in sorted(self.files.items()))
        return sha256("".join(lines).encode()).hexdigest()

    def place(self, path: str, line: int | None = None) -> str:
        """Return how a file, or a line of it, is called in messages."""
        shown = f"{self.shown_as}/{path}"
        return shown if line is None else f"{shown}:{line}"


def read_templates(folder: Path, *, shown_as: str) -> Templates:
    """Read the folder as it is now; files and folders that begin with a dot are left out.

    Raises MisconfiguredError naming the path where there is no folder, where it holds a symbolic
    link or anything but files and folders (a template could read the machine's files through it),
    or where it is beyond 10,000 files or 256 MiB.
    """
    if not folder.is_dir():
        raise MisconfiguredError(f"there is no folder of templates at {folder}; create it, or mend `templates`")
    files: dict[str, bytes] = {}
    size = 0
    for path in _files_below(folder):
        relative = path.relative_to(folder).as_posix()
        files[relative] = _content(path, f"{shown_as}/{relative}")
        size += len(files[relative])
        if len(files) > _MOST_FILES or size > _MOST_BYTES:
            raise MisconfiguredError(
                f"{shown_as} holds more than {_MOST_FILES} files or {_MOST_BYTES >> 20} MiB; "
                "keep what is no template elsewhere"
            )
    return Templates(shown_as=shown_as, files=files)


def publish(templates: Templates, state_folder: Path) -> Path:
    """Return a read-only copy of the templates that never changes; made where it is not there yet.

    Processes of other programs may publish the same at the same time: the copy appears at once
    and whole.
    """
    shelf = state_folder / "templates"
    shelf.mkdir(parents=True, exist_ok=True)
    copy = shelf / templates.digest
    if copy.is_dir():
        if read_templates(copy, shown_as="").digest == templates.digest:
            return copy
        # Somebody changed what must not change: out of the way, and made anew.
        copy.rename(mkdtemp(prefix="changed-", dir=shelf) + "/copy")
    draft = Path(mkdtemp(prefix="draft-", dir=shelf))
    _write(templates.files, draft)
    try:
        draft.rename(copy)
    except OSError:
        if not copy.is_dir():
            raise
        shutil.rmtree(draft)
    return copy


def _files_below(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _files_below(path)
        else:
            yield path


def _content(path: Path, shown: str) -> bytes:
    try:
        # Looked at and opened in one go: what is checked is what is read.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as refused:
        if path.is_symlink():
            raise MisconfiguredError(f"{shown} is a symbolic link; put a copy of the file in its place") from None
        raise MisconfiguredError(f"{shown} cannot be read: {refused.strerror}; mend its permissions") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise MisconfiguredError(f"{shown} is no plain file; take it out of the templates")
        return file.read(_MOST_BYTES + 1)


def _write(files: Mapping[str, bytes], folder: Path) -> None:
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o444)
    # Where workers run as another user, the copy must be open to them; the draft was private.
    folder.chmod(0o755)
