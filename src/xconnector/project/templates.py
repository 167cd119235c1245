"""Template folders: the files a rendition needs, and what has no place there."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from xconnector.domain.document import RenditionKind
from xconnector.project.findings import Finding, named_like

TEMPLATES = "templates"
SHARED_PREFIX = "_"
"""Folders that begin so hold pieces for all templates."""

_NO_LINKS = ("communications", "mappings", "tables", TEMPLATES, "tests")

_FILES = {
    RenditionKind.LETTER: ("letter.typ",),
    RenditionKind.EMAIL: ("e-mail.mjml", "e-mail.txt"),
    RenditionKind.SMS: ("sms.txt",),
    RenditionKind.PUSH: ("push.txt",),
}


def template_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the project's templates, sorted."""
    templates = folder / TEMPLATES
    if not templates.is_dir():
        return ()
    return tuple(
        sorted(
            entry.name for entry in templates.iterdir() if entry.is_dir() and not entry.name.startswith(SHARED_PREFIX)
        )
    )


def links(folder: Path) -> Iterator[Finding]:
    """Find symbolic links: they could lead a template or a table to any file of the machine."""
    for path in (path for name in _NO_LINKS for path in _walk(folder / name)):
        if path.is_symlink():
            yield Finding(
                file=str(path.relative_to(folder)),
                line=1,
                message="it is a symbolic link, which may lead out of the project",
                remedy="put the file itself here; shared pieces belong into templates/_brand",
            )


def missing_files(folder: Path, template: str, kinds: Iterable[RenditionKind]) -> Iterator[tuple[str, str]]:
    """Yield message and remedy for everything that a template lacks for these renditions."""
    place = folder / TEMPLATES / template
    if not place.is_dir():
        yield f"there is no template {template!r}", named_like(template, template_names(folder))
        return
    for kind in sorted(kinds):
        for name in _FILES[kind]:
            if not (place / name).is_file():
                yield (
                    f"template {template!r} has no {name}, which its route needs for the {kind}",
                    f"add {TEMPLATES}/{template}/{name}, or take the channel out of the route",
                )


def _walk(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder, following no link."""
    if not folder.is_dir() or folder.is_symlink():
        if folder.is_symlink():
            yield folder
        return
    for entry in sorted(folder.iterdir()):
        yield entry
        if entry.is_dir() and not entry.is_symlink():
            yield from _walk(entry)
