"""The readable text of an HTML e-mail, for those who read their mail without HTML."""

import re
from typing import TypeAlias, cast

from lxml import etree

XmlElement: TypeAlias = etree._Element  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - lxml has no other name for it

_UNSEEN = frozenset(("head", "style", "script", "title", "template", "noscript"))
_APART = frozenset(("h1", "h2", "h3", "h4", "h5", "h6", "p", "table", "ul", "ol", "blockquote", "hr"))
"""What an empty line stands around."""
_ON_A_LINE = frozenset(
    ("address", "article", "aside", "body", "center", "dd", "div", "dl", "dt", "figure",
     "footer", "header", "li", "main", "nav", "section", "tbody", "tfoot", "thead", "tr")
)  # fmt: skip
_CELLS = frozenset(("td", "th"))
_HIDDEN = re.compile(r"(?i)display\s*:\s*none|mso-hide\s*:\s*all")
_SPACES = re.compile(r"[ \t\r\n\f\v\x1c-\x1f\u00a0]+")
_UNSEEN_CHARACTERS = re.compile(r"[\u00ad\u034f\u200b-\u200d\u2060\ufeff]")
_LINE_END, _EMPTY_LINE = "\x1e", "\x1f"
"""What blocks ask for: however many ask at one place, they get it once."""
_BREAKS = re.compile(r"[ \n\x1e\x1f]*[\n\x1e\x1f][ \n\x1e\x1f]*")


def plain_text(source: str) -> str:
    """Return what a reader sees of the HTML: blocks on lines of their own, links with their addresses.

    The same HTML gives the same text; it is empty where there is nothing to read.
    """
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, remove_comments=True, remove_pis=True)
    root = cast("XmlElement | None", etree.fromstring(source.encode("utf-8", "replace"), parser))
    if root is None:
        return ""
    text = _Text()
    # Walked rather than descended into: no depth of nesting can exhaust the stack.
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "start":
            text.enter(element)
        else:
            text.leave(element)
    return text.whole()


class _Text:
    """The text as it grows while the elements are walked."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._hidden_by: XmlElement | None = None

    def enter(self, element: XmlElement) -> None:
        if self._hidden_by is not None:
            return
        if _is_hidden(element):
            self._hidden_by = element
            return
        self._pieces.append(_before(element))
        self._say(element.text)

    def leave(self, element: XmlElement) -> None:
        if self._hidden_by is None:
            self._pieces.append(_after(element))
        elif self._hidden_by is element:
            self._hidden_by = None
        if self._hidden_by is None:
            self._say(element.tail)

    def whole(self) -> str:
        return re.sub(r" {2,}", " ", _BREAKS.sub(_line_breaks, "".join(self._pieces))).strip()

    def _say(self, words: str | None) -> None:
        if words:
            self._pieces.append(_SPACES.sub(" ", _UNSEEN_CHARACTERS.sub("", words)))


def _is_hidden(element: XmlElement) -> bool:
    return _name(element) in _UNSEEN or _HIDDEN.search(element.get("style", "")) is not None


def _before(element: XmlElement) -> str:
    match name := _name(element):
        case "br":
            return "\n"
        case "li":
            return f"{_LINE_END}- "
        case "img":
            return f" {_SPACES.sub(' ', element.get('alt', ''))} "
        case _:
            return _around(name)


def _after(element: XmlElement) -> str:
    match name := _name(element):
        case "br" | "img":
            return ""
        case "a":
            return _address(element)
        case _ if name in _CELLS:
            return " "
        case _:
            return _around(name)


def _around(name: str) -> str:
    if name in _APART:
        return _EMPTY_LINE
    return _LINE_END if name in _ON_A_LINE else ""


def _line_breaks(found: re.Match[str]) -> str:
    return "\n\n" if _EMPTY_LINE in found[0] or found[0].count("\n") > 1 else "\n"


def _address(link: XmlElement) -> str:
    """Return where a link leads, unless its own words say so."""
    address = link.get("href", "").strip()
    shown = "".join(str(words) for words in link.itertext()).strip()
    if not address.lower().startswith(("https://", "mailto:", "tel:")) or shown in address:
        return ""
    return f" ({address})"


def _name(element: XmlElement) -> str:
    return element.tag.lower()
