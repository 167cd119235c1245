"""Where the fonts lie: installed packages of font families, and folders of the project."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from xconnector.contract.errors import MisconfiguredError

_PACKAGED_FAMILIES = "fontpkg.family"
_SUFFIXES = frozenset({".ttf", ".otf", ".ttc", ".otc"})


def font_folders(project_folder: Path, named: Iterable[Path]) -> tuple[Path, ...]:
    """Return every folder to look for fonts in: installed packages first, then those of the settings.

    Raises MisconfiguredError for a folder that is not there.
    """
    folders = sorted(_packaged())
    for name in named:
        folder = project_folder / name
        if not folder.is_dir():
            raise MisconfiguredError(f"there is no folder of fonts at {folder}; create it, or mend the setting `fonts`")
        folders.append(folder)
    return tuple(folders)


def fonts_digest(folders: Sequence[Path]) -> str:
    """Return one SHA-256 over every font file, whatever the folders are called."""
    digests = sorted(
        f"{path.name} {sha256(path.read_bytes()).hexdigest()}\n"
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES
    )
    return sha256("".join(digests).encode()).hexdigest()


def _packaged() -> Iterable[Path]:
    for family in entry_points(group=_PACKAGED_FAMILIES):
        spec = find_spec(family.module)
        if spec is not None and spec.origin is not None:
            yield Path(spec.origin).parent / "files"
