"""Makes a project of one of the examples that travel with the package."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from xconnector.project.findings import named_like
from xconnector.project.load import PROJECT_FILE

_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", "var")


class CreateError(Exception):
    """The project cannot be made; the text says what to do."""


def example_names() -> tuple[str, ...]:
    """Return the names of the examples, sorted."""
    with _examples() as folder:
        return tuple(sorted(path.parent.name for path in folder.glob(f"*/{PROJECT_FILE}")))


def create_project(folder: Path, example: str) -> None:
    """Copy an example into a folder that is empty or not there yet.

    Raises CreateError when the folder holds something or there is no such example.
    """
    names = example_names()
    if example not in names:
        raise CreateError(f"there is no example {example!r}: {named_like(example, names)}")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CreateError(f"{folder} is not empty: name a new folder, so that nothing of yours is overwritten")
    with _examples() as examples:
        shutil.copytree(examples / example, folder, dirs_exist_ok=True, ignore=_NOT_COPIED)


@contextmanager
def _examples() -> Generator[Path]:
    """The folder of the examples as real files, wherever the package was installed from."""
    with resources.as_file(resources.files("xconnector") / "examples") as folder:
        yield folder
