"""The tables of regulations that travel with the package: examples to be copied, edited and approved."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from xconnector.project.findings import named_like

_ENDING = ".md"
_HEADING = "#"
_PROSE_ENDS = ". "


class ShippedTableError(Exception):
    """The table cannot be copied; the text says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedTable:
    """A table that travels with the package."""

    name: str
    about: str
    """Its first sentence."""


def shipped_tables() -> tuple[ShippedTable, ...]:
    """Return the tables that travel with the package, by name."""
    with _folder() as folder:
        return tuple(
            ShippedTable(name=file.stem, about=_first_sentence(file.read_text(encoding="utf-8")))
            for file in sorted(folder.glob(f"*{_ENDING}"))
        )


def copy_shipped(name: str, folder: Path) -> Path:
    """Copy a table into a folder, which is made where it is not there yet; return the new file.

    Raises ShippedTableError when there is no such table, when the folder has a file of its name already, and when it
    cannot be written.
    """
    names = [table.name for table in shipped_tables()]
    if name not in names:
        raise ShippedTableError(f"there is no shipped table {name!r}: {named_like(name, names)}")
    target = folder / f"{name}{_ENDING}"
    with _folder() as shipped:
        content = (shipped / target.name).read_bytes()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise ShippedTableError(f"{target} is there already: remove it, or copy to another folder") from None
    except OSError as wrong:
        raise ShippedTableError(f"{target} cannot be written: {wrong.strerror}") from None
    return target


def _first_sentence(text: str) -> str:
    """Return the first sentence below the heading, on one line."""
    _, _, below = text.partition(f"\n{_HEADING} ")
    paragraph = below.split("\n\n")[1]
    sentence, _, more = " ".join(paragraph.split()).partition(_PROSE_ENDS)
    return f"{sentence}." if more else sentence


@contextmanager
def _folder() -> Generator[Path]:
    """The folder of the tables as real files, wherever the package was installed from."""
    with resources.as_file(resources.files("xconnector") / "regulations") as folder:
        yield folder
