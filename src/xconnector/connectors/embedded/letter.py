"""Letters: Typst to PDF/A-2a and PDF/UA-1 in one file, packed, with the same bytes for the same order."""

import os
import re
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import typst

from xconnector.connectors.embedded.faults import Discretion, DocumentError, named_character
from xconnector.connectors.embedded.packing import packed

STANDARDS: "list[typst.PDFStandard]" = ["a-2a", "ua-1"]
"""Long-term archiving and accessibility; with either, a character that no font has is an error, never a gap."""

_PLACE = re.compile(r"^\s*┌─ (?P<path>.+):(?P<line>\d+):(?P<column>\d+)$", re.MULTILINE)
_MISSING_GLYPH = re.compile(r'the text `"(?P<text>.+?)"` could not be displayed')
_STANDARD_PREFIX = re.compile(r"^PDF/[^:]* error: ")
_NAMED_CHARACTERS = 5


class Letters:
    """Composes the letters of all templates; keeps the compilers of those used last."""

    def __init__(self, root: Path, font_folders: Sequence[str], *, compilers: int, discretion: Discretion) -> None:
        self._root = root
        self._fonts = typst.Fonts(
            include_system_fonts=False, include_embedded_fonts=False, font_paths=list(font_folders)
        )
        self._most_compilers = compilers
        self._compilers: OrderedDict[str, typst.Compiler] = OrderedDict()
        self._discretion = discretion

    def compose(self, path: str, *, data: bytes, mark: str, issued_at: int) -> tuple[bytes, int]:
        """Return the PDF and its number of pages.

        `path` is that of the main file below the root, `data` JSON, `mark` SVG, `issued_at` seconds since 1970.
        Raises DocumentError.
        """
        try:
            pdf, warnings = self._compiler(path).compile_with_warnings(
                format="pdf",
                # Always given: without it the compiler would print the data of the document before.
                sys_inputs={"data": data.decode("utf-8"), "mark": mark},
                pdf_standards=STANDARDS,
                timestamp=issued_at,
            )
        except typst.TypstError as wrong:
            raise self._fault(wrong, path, data) from None
        if warnings:
            raise self._fault(warnings[0], path, data)
        if not isinstance(pdf, bytes):
            raise DocumentError(f"{path}: Typst gave no PDF; report this as a defect")
        return packed(pdf)

    def _compiler(self, path: str) -> typst.Compiler:
        if path not in self._compilers:
            self._compilers[path] = typst.Compiler(
                self._root / path,
                root=self._root,
                font_paths=self._fonts,
                # There are no packages: templates that ask for one are refused before they come here.
                package_path=self._root / "no-packages",
                package_cache_path=self._root / "no-packages",
            )
        self._compilers.move_to_end(path)
        if len(self._compilers) > self._most_compilers:
            self._compilers.popitem(last=False)
        return self._compilers[path]

    def _fault(self, said: typst.TypstError | typst.TypstWarning, path: str, data: bytes) -> DocumentError:
        place = self._place(said.diagnostic) or path
        if missing := _MISSING_GLYPH.findall(said.diagnostic):
            characters = list(dict.fromkeys(character for text in missing for character in text))[:_NAMED_CHARACTERS]
            named = ", ".join(named_character(character) for character in characters)
            return DocumentError(f"{place}: no font of this text has {named}; add a font that does, or mend the data")
        if _STANDARD_PREFIX.match(said.message):
            # What the standards ask for is said in fixed words, and the hint is the remedy.
            return DocumentError(f"{place}: {'; '.join([said.message, *said.hints])}")
        return DocumentError(f"{place}: {self._discretion.without_content(said.message, data)}")

    def _place(self, diagnostic: str) -> str | None:
        """Return file:line:column of the first error (or else warning), counted from 1."""
        start = max(diagnostic.find("error:"), 0)
        found = _PLACE.search(diagnostic, start)
        if found is None:
            return None
        # Typst names files from where the process stands.
        path = Path(os.path.abspath(found["path"]))  # noqa: PTH100 - takes `..` away without asking the disk
        shown = path.relative_to(self._root) if path.is_relative_to(self._root) else path
        return f"{shown}:{found['line']}:{int(found['column']) + 1}"
