"""Signs that nobody sees and words that look like others: what a reader approves must be what a table decides by."""

import re
import unicodedata
from collections.abc import Iterator

from xconnector.project.findings import Finding
from xconnector.project.tables.text import on_sheet
from xconnector.project.tables.written import Grid, WrittenTable

_UNSEEN = frozenset({"Cf", "Co", "Cn"})
"""Format signs such as zero-width spaces and changes of direction, signs of private use, and those not assigned yet."""
# Letters and marks that print as nothing, or as a space.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK"})
"""Scripts whose letters look like one another's."""
_WORD = re.compile(r"[^\W\d_]+")


def unseen_signs(written: WrittenTable) -> Iterator[Finding]:
    """Yield each cell and setting with a sign that nobody sees, or with a word in letters of several scripts."""
    for line, place, text in _said(written):
        for said, remedy in unseen_in(text):
            yield Finding(file=written.file, line=line, message=f"{place}: {said}", remedy=remedy)


def _said(written: WrittenTable) -> Iterator[tuple[int, str, str]]:
    """Yield line, place and text of every cell and setting."""
    for grid in written.grids.values():
        for line in (grid.header, *grid.lines):
            for at, text in enumerate(line.cells):
                yield line.number, on_sheet(line.sheet, f"column {at + 1}{_name(grid, at)}"), text
    for name, setting in written.settings.items():
        yield setting.number, on_sheet(setting.sheet, f"the setting {name!r}"), setting.text


def _name(grid: Grid, at: int) -> str:
    return f" ({grid.header.cells[at]})" if at < len(grid.header.cells) and grid.header.cells[at].isprintable() else ""


def unseen_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield message and remedy for everything that people cannot see in a text."""
    if text.isascii():
        return
    for sign in sorted({sign for sign in text if unicodedata.category(sign) in _UNSEEN or sign in _BLANK}):
        name = unicodedata.name(sign, "of private use, or not assigned")
        yield f"there is a sign that nobody sees: U+{ord(sign):04X} {name}", "remove it, or write the cell anew"
    for word in dict.fromkeys(_WORD.findall(text)):
        scripts = sorted({_script(letter) for letter in word} & _SCRIPTS)
        if len(scripts) > 1:
            others = ", ".join(f"U+{ord(one):04X} {unicodedata.name(one)}" for one in _least(word))
            said = f"the word {word!r} mixes letters of {' and '.join(map(str.capitalize, scripts))}: {others}"
            yield said, "write the word in one alphabet: letters that look the same are others"


def _script(letter: str) -> str:
    return unicodedata.name(letter, "").partition(" ")[0]


def _least(word: str) -> list[str]:
    """Return the letters of a word that are not of the script of most of them, each once."""
    scripts = [_script(letter) for letter in word]
    most = max(sorted(_SCRIPTS), key=scripts.count)
    return [*dict.fromkeys(letter for letter in word if _script(letter) in _SCRIPTS - {most})]
