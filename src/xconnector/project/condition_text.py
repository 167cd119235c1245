"""Reads the text of a condition: a closed part of CEL, of which every field and function is known before it is used."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xconnector.project.condition import DATA, MOST_DIGITS, Condition
from xconnector.project.data_contract import FieldType, Scalar
from xconnector.project.findings import named_like

if TYPE_CHECKING:
    from cel import Program

LONGEST_CONDITION = 1000
_OVER_LISTS = frozenset({"all", "exists", "exists_one"})
"""Not `filter` and `map`: what they make is copied for every item."""
_FUNCTIONS = frozenset({"contains", "double", "endsWith", "has", "int", "matches", "size", "startsWith", "string"})
_WORDS = frozenset({"true", "false", "in"})
_TOKEN = re.compile(
    r"""
    (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<space>\s+)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])
    """,
    re.VERBOSE,
)
_COLUMN = re.compile(r"<input>:(\d+):(\d+)")


class ConditionSpellingError(ValueError):
    """The condition is wrong; `remedy` says what to write."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Token:
    """A word, number, text or sign."""

    kind: str
    text: str


def parse_condition(text: str, types: Mapping[str, FieldType]) -> Condition:
    """Return the condition that a text spells, for a communication that declares fields of these types.

    Raises ConditionSpellingError.
    """
    if len(text) > LONGEST_CONDITION:
        raise ConditionSpellingError(
            f"the condition has more than {LONGEST_CONDITION} characters", "decide by a table, or narrow it by `where`"
        )
    tokens = tokens_of(text)
    _refuse_unknown(tokens)
    _refuse_slow(tokens, types)
    program = _compiled(text)
    _refuse_patterns(tokens)
    fields = tuple(dict.fromkeys(_fields(tokens)))
    if not fields:
        raise ConditionSpellingError("the condition looks at no field", "write data.<field>, or leave it out")
    known = {name: types[name] for name in fields if name in types}
    return Condition(text=text, fields=fields, types=known, program=program)


def tokens_of(text: str) -> Sequence[Token]:
    """Return the tokens of a condition, without the space between them.

    Raises ConditionSpellingError.
    """
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ConditionSpellingError(
                f"the condition is not understood at character {at + 1}",
                "write fields, numbers, 'texts' and signs such as &&, ||, !, ==, >=, in",
            )
        if found.lastgroup != "space":
            _refuse_grown_together(tokens, text, found)
            tokens.append(Token(found.lastgroup or "", found.group()))
        at = found.end()
    return tokens


def _refuse_grown_together(tokens: Sequence[Token], text: str, found: re.Match[str]) -> None:
    """Refuse what CEL would read as one: r"raw" and b"byte" texts, 5u and 0x1F, and three quotes."""
    if not tokens or found.start() == 0 or text[found.start() - 1].isspace():
        return
    before, kind = tokens[-1].kind, found.lastgroup
    is_comment = tokens[-1].text == found.group() == "/"
    if {before, kind} <= {"text", "name", "number"} or is_comment:
        raise ConditionSpellingError(
            f"the condition is not understood at character {found.start() + 1}",
            "write texts as 'text', numbers as 5 or 5.0, and a space or sign between words",
        )


def _refuse_unknown(tokens: Sequence[Token]) -> None:
    ours = frozenset(_bound_names(tokens))
    for at, token in enumerate(tokens):
        if token.kind == "number":
            _refuse_long(token)
        if token.kind != "name":
            continue
        before, after = _sign(tokens, at - 1), _sign(tokens, at + 1)
        if after == "(":
            _refuse_function(tokens, at)
        elif before == ".":
            continue
        elif token.text == DATA:
            _refuse_bare_data(tokens, at)
        elif token.text == "null":
            raise ConditionSpellingError("nothing is ever null", "write has(data.field), or !has(data.field)")
        elif token.text not in _WORDS | ours:
            raise ConditionSpellingError(f"there is nothing called {token.text!r}", f"write data.{token.text}")


def _refuse_long(token: Token) -> None:
    digits = re.sub(r"[eE].*|\.", "", token.text).strip("0")
    if len(digits) > MOST_DIGITS:
        raise ConditionSpellingError(
            f"the number {token.text} has more than {MOST_DIGITS} digits", "write it with fewer, or compare texts"
        )


def _refuse_function(tokens: Sequence[Token], at: int) -> None:
    name = tokens[at].text
    if name not in _FUNCTIONS | _OVER_LISTS and name != "in":
        raise ConditionSpellingError(f"there is no function {name!r}", named_like(name, _FUNCTIONS | _OVER_LISTS))
    if name == "matches" and not (_kind(tokens, at + 2) == "text" and _sign(tokens, at + 3) == ")"):
        raise ConditionSpellingError("`matches` needs a pattern", "write data.field.matches('^[A-Z]+$')")


def _refuse_patterns(tokens: Sequence[Token]) -> None:
    for at, token in enumerate(tokens):
        if token.text != "matches" or token.kind != "name":
            continue
        pattern = tokens[at + 2].text
        try:
            _compiled(f"''.matches({pattern})").execute()
        except RuntimeError:
            raise ConditionSpellingError(f"{pattern} is no pattern", "write one such as '^[A-Z]{2}[0-9]+$'") from None


def _refuse_bare_data(tokens: Sequence[Token], at: int) -> None:
    names_field = _sign(tokens, at + 1) == "." and _kind(tokens, at + 2) == "name" and _sign(tokens, at + 3) != "("
    if not names_field:
        raise ConditionSpellingError("`data` stands without a field", "write data.<field>")


def _refuse_slow(tokens: Sequence[Token], types: Mapping[str, FieldType]) -> None:
    """Refuse what would look through one list for every item of another: that could take as long as it likes."""
    inside = [*_looked_at_by_item(tokens)]
    if any(_is_over_list(tokens, at) for at in inside):
        raise ConditionSpellingError(
            "a list is looked through inside another", "look through one after the other: joined by && or ||"
        )
    for at in inside:
        if _is_field(tokens, at) and not isinstance(types.get(tokens[at + 2].text), Scalar):
            name = tokens[at + 2].text
            raise ConditionSpellingError(
                f"data.{name} would be looked at for every item of a list",
                f"declare {name} under `data:` as a single value, or ask for it outside the brackets",
            )


def _looked_at_by_item(tokens: Sequence[Token]) -> Iterator[int]:
    """Yield the place of every token inside the brackets of `exists(c, …)` and its like."""
    depth = 0
    opened: int | None = None
    for at, token in enumerate(tokens):
        if opened is not None:
            yield at
        if token.kind != "sign":
            continue
        if token.text in {"(", "["}:
            depth += 1
            if opened is None and _is_over_list(tokens, at - 1):
                opened = depth
        elif token.text in {")", "]"}:
            opened = None if opened == depth else opened
            depth -= 1


def _bound_names(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what `exists(c, …)` and its like call the item at hand."""
    for at in range(len(tokens)):
        if _is_over_list(tokens, at) and _kind(tokens, at + 2) == "name" and _sign(tokens, at + 3) == ",":
            yield tokens[at + 2].text


def _fields(tokens: Sequence[Token]) -> Iterator[str]:
    for at in range(len(tokens)):
        if _is_field(tokens, at):
            yield tokens[at + 2].text


def _is_field(tokens: Sequence[Token], at: int) -> bool:
    return tokens[at] == Token("name", DATA) and _sign(tokens, at - 1) != "."


def _is_over_list(tokens: Sequence[Token], at: int) -> bool:
    named = _kind(tokens, at) == "name" and tokens[at].text in _OVER_LISTS
    return named and _sign(tokens, at - 1) == "." and _sign(tokens, at + 1) == "("


def _kind(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].kind if 0 <= at < len(tokens) else ""


def _sign(tokens: Sequence[Token], at: int) -> str:
    return tokens[at].text if _kind(tokens, at) == "sign" else ""


def _compiled(text: str) -> "Program":
    """Return the condition compiled.

    Raises ConditionSpellingError.
    """
    # Imported with the first condition: the library brings a shell of its own along, which takes its time.
    import cel  # noqa: PLC0415

    try:
        return cel.compile(text)
    except ValueError as wrong:
        found = _COLUMN.search(str(wrong))
        place = f" in line {found[1]} of it, character {found[2]}" if found else ""
        remedy = "write an expression such as data.amount > 1000.0 && data.kind == 'x'"
        raise ConditionSpellingError(f"the condition is not understood{place}", remedy) from None
