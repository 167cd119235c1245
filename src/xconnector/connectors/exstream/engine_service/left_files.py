"""Files that the engine leaves in a folder of its own machine, of which the answer gives only the name."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from xconnector.connectors.exstream.engine_service.answer import ReturnedFile
from xconnector.connectors.exstream.engine_service.returned import base_name
from xconnector.connectors.exstream.engine_service.settings import OutputFolder
from xconnector.contract.errors import MisconfiguredError, PermanentError, TransientError


class LeftFiles:
    """The folder, as this machine sees it."""

    def __init__(self, folder: OutputFolder, project_folder: Path, *, largest: int) -> None:
        self._mounted = project_folder / folder.mounted
        self._on_server = _slashes(folder.on_server).rstrip("/")
        self._largest = largest

    def check(self) -> None:
        """Raise MisconfiguredError where the folder is not there."""
        if not self._mounted.is_dir():
            raise MisconfiguredError(f"the folder {self._mounted} is not there: is it mounted? See `output_folder`")

    def fetched(self, files: Sequence[ReturnedFile]) -> Sequence[ReturnedFile]:
        """Return the files, those that came as a name with what the folder holds under it.

        Raises TransientError for one that is not there (yet) or has another size than the engine tells, PermanentError
        for one that may not be read.
        """
        self.check()
        return [file if file.content is not None else replace(file, content=self._content(file)) for file in files]

    def _content(self, file: ReturnedFile) -> bytes:
        path = self._path(file)
        try:
            with path.open("rb") as opened:
                content = opened.read(self._largest + 1)
        except FileNotFoundError:
            raise TransientError(
                f"a file that the engine names is not in {self._mounted} (yet): see `output_folder.on_server`"
            ) from None
        except OSError as unreadable:
            raise TransientError(
                f"a file that the engine names cannot be read in {self._mounted}: {os.strerror(unreadable.errno or 0)}"
            ) from None
        if len(content) > self._largest:
            raise PermanentError(
                f"a file in {self._mounted} is larger than {self._largest} bytes: see `largest_answer`"
            )
        if file.header.size not in {None, len(content)}:
            raise TransientError(
                f"a file in {self._mounted} has another size than the engine tells: is it still being written, or "
                "was it written anew?"
            )
        return content

    def _path(self, file: ReturnedFile) -> Path:
        name = _slashes(file.name)
        if self._on_server and name.lower().startswith(self._on_server.lower() + "/"):
            inside = name[len(self._on_server) + 1 :]
        else:
            inside = base_name(file)
        path = (self._mounted / inside).resolve() if "\0" not in inside else self._mounted
        if not path.is_relative_to(self._mounted.resolve()) or path == self._mounted.resolve():
            raise PermanentError(f"the engine names a file outside of {self._mounted}: it is not read")
        return path


def _slashes(name: str) -> str:
    return name.replace("\\", "/")
