"""Package files: what the designers' packager made, named by each design and found in one folder."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from xconnector.connectors.exstream.design import ExstreamDesign
from xconnector.contract.errors import MisconfiguredError, PermanentError

_DIGITS_SHOWN = 16


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """The folder of the packages."""

    folder: Path
    _digests: dict[tuple[str, int, int], str] = field(default_factory=dict[tuple[str, int, int], str], repr=False)

    def check(self) -> None:
        """Raise MisconfiguredError where there is no such folder."""
        if not self.folder.is_dir():
            raise MisconfiguredError(f"`packages`: there is no folder {self.folder}; is the share mounted?")

    def of(self, design: ExstreamDesign, template: str) -> Path:
        """Return a design's package file.

        Raises PermanentError where the design names none, or one that is not in the folder, and MisconfiguredError
        where there is no folder.
        """
        name = design.package
        if name is None:
            raise PermanentError(f"template {template!r}: name its package file, `package: ….pub` in its exstream.yaml")
        if not _stays_inside(name):
            raise PermanentError(f"template {template!r}: the name of its package leaves the folder of the packages")
        self.check()
        found = (self.folder / name).resolve()
        if not found.is_relative_to(self.folder.resolve()):
            raise PermanentError(f"template {template!r}: its package lies outside of the folder of the packages")
        if not found.is_file():
            raise PermanentError(
                f"template {template!r}: there is no package {name!r} in {self.folder}: have it packaged, "
                "or correct `package` in its exstream.yaml"
            )
        return found

    def engine(self, package: Path) -> str:
        """Say what composes, as kept with the approval: the engine and the digest of its package."""
        status = package.stat()
        known_as = (str(package), status.st_mtime_ns, status.st_size)
        if known_as not in self._digests:
            with package.open("rb") as stream:
                self._digests[known_as] = hashlib.file_digest(stream, "sha256").hexdigest()
        return f"exstream engine, package {package.name} {self._digests[known_as][:_DIGITS_SHOWN]}"


def _stays_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name and ":" not in name and name != "."
