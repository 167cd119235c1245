r"""The grammar of cells: a closed subset of S-FEEL, in the words of people who read tables.

-                       anything, and nothing
none                    nothing there (also `null`)
email, portal           one of these
> 5   >= 5   < 5   <= 5 compared with a number or a date
5..10                   with both ends, as [5..10]; [5..10) without the upper, (5..10] without the lower
< 5, 7, [10..20)        any of these
not email, portal       all others; also not(email, portal)
yes   no   2026-12-31   yes and no, dates
"odd, text"             text that would look like something else

A cell speaks of one kind: text, numbers, dates, or yes and no. Words of the grammar stand in small letters; text that
looks like one, such as No, true or any, is quoted. Inside quotes stand \" for a quote and \\ for a backslash; any other
sign behind a backslash is refused.
"""

import re
from datetime import date
from decimal import Decimal

from xconnector.domain.decision.cells import ANY, AnyValue, Cell, OneOf, Within, kinds_of
from xconnector.domain.decision.values import MOST_DIGITS, Value, kind_of, spelled_value

LONGEST_CELL = 2_000
"""Signs of a cell in its canonical spelling, so that whatever is read once can be written and read again."""
_LONGEST_SPELLING = 2 * LONGEST_CELL
_TOO_LONG = f"a cell has at most {LONGEST_CELL} characters: divide the row"
_NOTHING = frozenset({"none", "null"})
# What people and word processors write for a word of the grammar, in any capitals, and the word that is meant.
_MEANT = {
    **dict.fromkeys(["yes", "true"], "yes"),
    **dict.fromkeys(["no", "false"], "no"),
    **dict.fromkeys(["none", "null"], "none"),
    **dict.fromkeys(["any", "\N{EN DASH}", "\N{EM DASH}"], "-"),
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_PADDED = re.compile(r"-?0\d")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(\S+)")
_RANGE = re.compile(r"([\[\](])?\s*([^\s\[\]()]+?)\s*\.\.\s*([^\s\[\]()]+?)\s*([\])\[])?")
_NOT_IN_BRACKETS = re.compile(r"not\s*\((.*)\)", re.DOTALL)
_NOT = re.compile(r"not\s+(?=\S)")
_LIKE_NOT = re.compile(r"not(\s|\(|$)", re.IGNORECASE)
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_HALF_A_SIGN = re.compile("[\ud800-\udfff]")
# Quoted text, which may lack its end, a comma, or what holds neither.
_PIECE = re.compile(r'"(?:[^"\\]|\\.?)*+"?|,|[^",]+', re.DOTALL)
# A comma that stands directly between two digits, outside quoted text.
_GROUPED = re.compile(r'"(?:[^"\\]|\\.?)*+"?|(\d,\d)', re.DOTALL)
# Signs of the grammar, and what word processors make of them.
_SIGNS = re.compile(r'["<>=\u201c-\u201e\u2026\u2264\u2265\u2260]|\.\.|[\x00-\x1f]')


class CellError(ValueError):
    """The text is not in the grammar; the message says what to write."""


def parse_cell(text: str) -> Cell:
    """Return what a cell of `when` means.

    Raises CellError.
    """
    text = text.strip()
    cell = _cell(text)
    # The canonical spelling is never twice as long: it has a space behind each comma and sign, and else nothing more.
    if len(text) > LONGEST_CELL // 2 and len(spelled(cell)) > LONGEST_CELL:
        raise CellError(_TOO_LONG)
    return cell


def _cell(text: str) -> Cell:
    if len(text) > _LONGEST_SPELLING:
        raise CellError(_TOO_LONG)
    if not text:
        raise CellError("an empty cell says nothing: write - for anything, none for nothing")
    if _HALF_A_SIGN.search(text):
        raise CellError("write whole signs: there is half a surrogate pair")
    if text == "-":
        return ANY
    if found := _NOT_IN_BRACKETS.fullmatch(text):
        if _RANGE.fullmatch(found[1].strip()) and not found[1].strip().startswith(("(", "[", "]")):
            raise CellError("write not [5..10] with both ends, or not((5..10)) without them")
        return _one_of(found[1], negated=True)
    if found := _NOT.match(text):
        if text[found.end()] == "(":
            raise CellError('write not a, b, or not(a, b) with all of it in the brackets; text in brackets as "(a)"')
        return _one_of(text[found.end() :], negated=True)
    return _one_of(text, negated=False)


def parse_value(text: str) -> Value | None:
    """Return the one value that a cell says, None for `none`.

    Raises CellError.
    """
    cell = parse_cell(text)
    if isinstance(cell, AnyValue) or cell.negated or cell.ranges or len(cell.values) + cell.includes_none != 1:
        raise CellError("write one value, or none for nothing")
    return next(iter(cell.values), None)


def parse_values(text: str) -> tuple[Value, ...]:
    """Return the values of a list in their order.

    Raises CellError.
    """
    values = tuple(value for word in pieces_of(text) if (value := parse_value(word)) is not None)
    if len(values) != len(pieces_of(text)) or len(set(values)) != len(values):
        raise CellError("write values, each once, without none")
    if sum(len(word_for(value)) + 2 for value in values) > _LONGEST_SPELLING:
        raise CellError(f"a list of values has at most {_LONGEST_SPELLING} characters: write fewer, or -")
    return values


def spelled(cell: Cell) -> str:
    """Return a cell in its one canonical spelling, which `parse_cell` reads as the same cell."""
    if isinstance(cell, AnyValue):
        return "-"
    tests = [
        *(["none"] if cell.includes_none else []),
        *sorted(word_for(value) for value in cell.values),
        *sorted(_spelled_range(span) for span in cell.ranges),
    ]
    listed = ", ".join(tests)
    if not cell.negated:
        return listed
    # A bracket behind the word would be read as one around the list.
    return f"not({listed})" if listed.startswith("(") else f"not {listed}"


def word_for(value: Value | None) -> str:
    """Return a value as a cell says it: text without quotes where it reads as itself."""
    if isinstance(value, str) and _reads_as_itself(value):
        return value
    return spelled_value(value)


def _reads_as_itself(text: str) -> bool:
    try:
        return text == text.strip() and _cell(text) == OneOf(values=frozenset({text}))
    except CellError:
        return False


def _one_of(text: str, *, negated: bool) -> OneOf:
    said: list[Value] = []
    ranges: set[Within] = set()
    includes_none = False
    for word in pieces_of(text):
        match _test(word):
            case None:
                includes_none = True
            case Within() as span:
                ranges.add(span)
            case value:
                said.append(value)
    if ranges and any(_GROUPED.findall(text)):
        raise CellError("write numbers as 1000.50, without commas inside; a list has a space behind its commas")
    # Asked before they become a set: to Python, yes is equal to 1.
    if len({kind_of(value) for value in said} | kinds_of(OneOf(ranges=frozenset(ranges)))) > 1:
        raise CellError('write values of one kind: text, numbers, dates, or yes and no; text such as "5" in quotes')
    return OneOf(values=frozenset(said), ranges=frozenset(ranges), includes_none=includes_none, negated=negated)


def pieces_of(text: str) -> list[str]:
    """Return what stands between commas outside quotes."""
    words = [""]
    for piece in _PIECE.findall(text):
        if piece == ",":
            words.append("")
        else:
            words[-1] += piece
    return [word.strip() for word in words]


def _test(word: str) -> Value | Within | None:
    if word in _NOTHING:
        return None
    if word == "-":
        raise CellError("- stands alone: it means anything")
    if found := _COMPARISON.fullmatch(word):
        return _comparison(found[1], _end(found[2]))
    if ".." in word and not word.startswith('"'):
        return _range(word)
    return _value(word)


def _comparison(sign: str, end: Decimal | date) -> Within:
    match sign:
        case ">":
            return Within(low=end, includes_low=False)
        case ">=":
            return Within(low=end)
        case "<":
            return Within(high=end, includes_high=False)
        case _:
            return Within(high=end)


def _range(text: str) -> Within:
    found = _RANGE.fullmatch(text)
    if found is None or (found[1] is None) is not (found[4] is None):
        raise CellError("write a range as 5..10, [5..10], [5..10), (5..10] or (5..10)")
    low, high = _end(found[2]), _end(found[3])
    includes_low, includes_high = found[1] in {None, "["}, found[4] in {None, "]"}
    _refuse_empty(low, high, is_closed=includes_low and includes_high)
    return Within(low=low, high=high, includes_low=includes_low, includes_high=includes_high)


def _refuse_empty(low: Decimal | date, high: Decimal | date, *, is_closed: bool) -> None:
    if isinstance(low, Decimal) is not isinstance(high, Decimal):
        raise CellError("write both ends as numbers, or both as dates")
    if low > high:  # pyright: ignore[reportOperatorIssue] - both are of one type
        raise CellError("write the lower end first")
    if low == high and not is_closed:
        raise CellError("write ends that leave something between them")


def _end(text: str) -> Decimal | date:
    value = _value(text)
    if isinstance(value, (str, bool)):
        raise CellError("compare with a number such as 1000.50, or a date such as 2026-12-31")
    return value


def _value(word: str) -> Value:
    if word.startswith('"'):
        return _quoted(word)
    if word in {"yes", "no"}:
        return word == "yes"
    if _NUMBER.fullmatch(word):
        if len(word) >= MOST_DIGITS:
            raise CellError(f"write a number with fewer than {MOST_DIGITS} digits")
        if _PADDED.match(word):
            raise CellError('write numbers as 1000.50, without zeros before them; text such as "007" in quotes')
        return Decimal(word)
    if _DATE.fullmatch(word):
        return _day(word)
    _refuse_likeness(word)
    if not word or _SIGNS.search(word) or not _is_balanced(word):
        raise CellError('write a value, a, b, not a, > 5, 5..10, yes, no, none or -; put odd text in "quotes"')
    return word


def _refuse_likeness(word: str) -> None:
    """Refuse text that reads as a word of the grammar to people, and is none."""
    if (meant := _MEANT.get(word.lower())) is not None:
        raise CellError(f'write {meant} for what it means; text such as "{word}" in quotes')
    if _LIKE_NOT.match(word):
        raise CellError('write not once, in small letters, before all values; text that begins so in "quotes"')


def _quoted(word: str) -> str:
    found = _QUOTED.fullmatch(word)
    if found is None:
        raise CellError(r'write quoted text as "text", and inside it \" for a quote and \\ for a backslash')
    return _ESCAPED.sub(r"\1", found[1])


def _day(word: str) -> date:
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise CellError(f"there is no day {word}: write one of the calendar") from None


def _is_balanced(word: str) -> bool:
    """Say whether every bracket of a word has its other half: half a bracket is a slip of the pen."""
    waiting: list[str] = []
    for sign in word:
        if sign in "([":
            waiting.append(")" if sign == "(" else "]")
        elif sign in ")]" and (not waiting or waiting.pop() != sign):
            return False
    return not waiting


def _spelled_range(span: Within) -> str:
    match span:
        case Within(low=low, high=None):
            return f"{'>=' if span.includes_low else '>'} {spelled_value(low)}"
        case Within(low=None, high=high):
            return f"{'<=' if span.includes_high else '<'} {spelled_value(high)}"
        case Within(low=low, high=high):
            ends = f"{spelled_value(low)}..{spelled_value(high)}"
            if span.includes_low and span.includes_high:
                return ends
            return f"{'[' if span.includes_low else '('}{ends}{']' if span.includes_high else ')'}"
