r"""S-FEEL, the language of cells in DMN: unary tests and literals, read and written.

    -    "a","b"    not("a")    > 5    [5..10)    date("2026-12-31")    true    null

FEEL is undecided where nothing is there and a cell compares: such a cell does not fit, and its negation does not
either. So a negated range reads as `not none, …`, and ours, which does fit nothing, is written as the ranges beside it.
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from xconnector.domain.decision.cells import ANY, AnyValue, Cell, OneOf, Within
from xconnector.domain.decision.values import Kind, Value, spelled_number, spelled_value
from xconnector.project.tables.cell_literals import WORDS, day_of, number_of, range_between
from xconnector.project.tables.cell_tokens import Tokens
from xconnector.project.tables.foreign import UnsayableError, refuse_long, without_negated_ranges

MOST_DIGITS = 34
"""FEEL's numbers have no more (DMN 1.3, 10.3.2.3.1)."""

KEYWORDS = frozenset(
    ("and", "or", "not", "in", "between", "if", "then", "else", "for", "return", "some", "every", "satisfies",
     "true", "false", "null", "instance", "of", "function", "external")
)  # fmt: skip
"""Words that no name has inside."""

_TOKEN = re.compile(
    r"""\s+|"(?:[^"\\]|\\.)*"|(?:\d+(?:\.(?!\.)\d+)?|\.\d+)|\.\.|>=|<=|[<>\[\]()@,-]|[^\W\d]\w*""", re.DOTALL
)
_ESCAPED = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{6}|.)", re.DOTALL)
_SIGNS = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def feel_cell(cell: Cell, kind: Kind) -> str:
    """Return unary tests that fit exactly what our cell fits.

    Raises UnsayableError.
    """
    if isinstance(cell, AnyValue):
        return "-"
    plain = without_negated_ranges(cell, kind)
    if isinstance(plain, AnyValue):
        return "-"
    if plain == OneOf():
        plain = cell
    tests = [
        *(["null"] if plain.includes_none else []),
        *sorted(feel_value(value) for value in plain.values),
        *sorted(_feel_range(span) for span in plain.ranges),
    ]
    listed = ", ".join(tests)
    return f"not({listed})" if plain.negated else listed


def feel_value(value: Value | None) -> str:
    """Return a literal.

    Raises UnsayableError.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{_escaped(value)}"'
    if isinstance(value, Decimal):
        refuse_long(value, MOST_DIGITS)
        return spelled_number(value)
    return f'date("{spelled_value(value)}")'


def parse_feel_cell(text: str) -> Cell:
    """Return the cell that means what these unary tests mean.

    Raises UnsayableError.
    """
    if text.strip() in {"-", ""}:
        return ANY
    tokens = Tokens(text, _TOKEN)
    if tokens.takes("not", "("):
        listed = _listed(tokens)
        tokens.expect(")")
        negated = True
    else:
        listed, negated = _listed(tokens), False
    tokens.end()
    ranges = frozenset(one for one in listed if isinstance(one, Within))
    return OneOf(
        values=frozenset(one for one in listed if one is not None and not isinstance(one, Within)),
        ranges=ranges,
        includes_none=None in listed or (negated and bool(ranges)),
        negated=negated,
    )


def parse_feel_value(text: str) -> Value | None:
    """Return the value of a literal; None for `null`.

    Raises UnsayableError.
    """
    tokens = Tokens(text, _TOKEN)
    value = _value(tokens)
    tokens.end()
    return value


def parse_feel_values(text: str) -> Sequence[Value | None]:
    """Return the values of a list of literals, in its order.

    Raises UnsayableError.
    """
    tokens = Tokens(text, _TOKEN)
    values = [_value(tokens)]
    while tokens.takes(","):
        values.append(_value(tokens))
    tokens.end()
    return values


def _escaped(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return _NOT_IN_XML.sub(lambda found: f"\\u{ord(found[0]):04X}", escaped.replace("\t", "\\t"))


def _feel_range(span: Within) -> str:
    match span:
        case Within(low=low, high=None):
            return f"{'>=' if span.includes_low else '>'} {feel_value(low)}"
        case Within(low=None, high=high):
            return f"{'<=' if span.includes_high else '<'} {feel_value(high)}"
        case Within(low=low, high=high):
            opening, closing = "[" if span.includes_low else "(", "]" if span.includes_high else ")"
            return f"{opening}{feel_value(low)}..{feel_value(high)}{closing}"


def _listed(tokens: Tokens) -> Sequence[Value | Within | None]:
    listed = [_test(tokens)]
    while tokens.takes(","):
        listed.append(_test(tokens))
    return listed


def _test(tokens: Tokens) -> Value | Within | None:
    match tokens.next:
        case ">" | ">=" | "<" | "<=":
            return _comparison(tokens)
        case "[" | "(" | "]":
            return _range(tokens)
        case _:
            return _value(tokens)


def _comparison(tokens: Tokens) -> Within:
    sign, end = tokens.take(), _end(tokens)
    if sign in {">", ">="}:
        return Within(low=end, includes_low=sign == ">=")
    return Within(high=end, includes_high=sign == "<=")


def _range(tokens: Tokens) -> Within:
    opening, low = tokens.take(), _end(tokens)
    tokens.expect("..")
    high = _end(tokens)
    if tokens.next not in {")", "]", "["}:
        raise tokens.unknown()
    includes_low, includes_high = opening == "[", tokens.take() == "]"
    return range_between(low, high, includes_low=includes_low, includes_high=includes_high)


def _end(tokens: Tokens) -> Decimal | date:
    value = _value(tokens)
    if value is None or isinstance(value, (str, bool)):
        raise UnsayableError("only numbers and dates are compared")
    return value


def _value(tokens: Tokens) -> Value | None:
    word = tokens.take()
    if word in WORDS:
        return WORDS[word]
    if word == "@":
        return day_of(_text(tokens.take()))
    if word == "date" and tokens.takes("("):
        day = day_of(_text(tokens.take()))
        tokens.expect(")")
        return day
    if word.startswith('"'):
        return _text(word)
    return (
        -number_of(tokens.take(), most_digits=MOST_DIGITS) if word == "-" else number_of(word, most_digits=MOST_DIGITS)
    )


def _text(token: str) -> str:
    if not token.startswith('"'):
        raise UnsayableError("a day stands in quotes")
    text = _ESCAPED.sub(_unescaped, token[1:-1])
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise UnsayableError("the text has half a sign in it") from None


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    if len(code) > 1:
        try:
            return chr(int(code[1:], 16))
        except ValueError:
            raise UnsayableError(f"there is no sign \\{code}") from None
    if code not in _SIGNS:
        raise UnsayableError(f"there is no sign \\{code}")
    return _SIGNS[code]
