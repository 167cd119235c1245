"""Proves a condition before it is used: that it compares like with like, and can be answered for data as declared."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from xconnector.project.condition import DATA, Condition
from xconnector.project.condition_text import ConditionSpellingError, Token, tokens_of
from xconnector.project.data_contract import FieldType, ListOf, Scalar, ScalarKind

_COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_RECKONED = frozenset({"+", "-", "*", "/", "%", ".", "["})
"""Signs beside a field that make something else of it."""
_MOST_LITERALS = 3
_MOST_CASES = 256
_MOST_TYPED = 3
"""Fields that are not declared, for which each type is tried with each of the others."""
_WRITTEN: Mapping[ScalarKind, tuple[str, str]] = {
    ScalarKind.TEXT: ("text", "'text'"),
    ScalarKind.DATE: ("text", "'2026-12-31'"),
    ScalarKind.MONEY: ("number", "1000.0"),
    ScalarKind.NUMBER: ("number", "1000.0"),
    ScalarKind.INTEGER: ("number", "1000"),
    ScalarKind.BOOL: ("yes/no", "true"),
}
_SEEN_AS: Mapping[ScalarKind, str] = {
    ScalarKind.TEXT: "a text",
    ScalarKind.DATE: "a text such as '2026-12-31'",
    ScalarKind.MONEY: "a double such as 1000.0",
    ScalarKind.NUMBER: "a double such as 1000.0",
    ScalarKind.INTEGER: "an int such as 1000",
    ScalarKind.BOOL: "true or false",
}

Samples = Mapping[str, Sequence[Any]]
"""Values by field, as mapped data has them; None is nothing there."""


def refuse_failing(condition: Condition) -> None:
    """Refuse a condition that compares a field with what it never is, or that data as declared cannot answer.

    A field that the communication does not declare may be of any type: one of them must do.

    Raises ConditionSpellingError.
    """
    tokens = tokens_of(condition.text)
    for name, literal in _compared(tokens):
        _refuse_unlike(name, condition.types.get(name), literal)
    first: ConditionSpellingError | None = None
    for samples in _typings(condition, tokens):
        try:
            _refuse_on(condition, samples)
        except ConditionSpellingError as wrong:
            first = first or wrong
        else:
            return
    if first is not None:
        raise first


# ---------------------------------------------------------------------------- literals


def _compared(tokens: Sequence[Token]) -> Iterator[tuple[str, Token]]:
    """Yield each field that stands directly beside a literal with which it is compared."""
    for at, token in enumerate(tokens):
        if token != Token("name", DATA) or (at and tokens[at - 1].text == "."):
            continue
        name, after = tokens[at + 2].text, at + 3
        if _is_sign(tokens, at - 1, _RECKONED) or _is_sign(tokens, after, _RECKONED):
            continue
        if _is_sign(tokens, after, _COMPARISONS) and _is_literal(tokens, after + 1):
            yield name, tokens[after + 1]
        if _is_sign(tokens, at - 1, _COMPARISONS) and _is_literal(tokens, at - 2):
            yield name, tokens[at - 2]
        if tokens[after : after + 2] == [Token("name", "in"), Token("sign", "[")]:
            for place in range(after + 2, len(tokens)):
                if _is_sign(tokens, place, frozenset({"]"})):
                    break
                if _is_literal(tokens, place):
                    yield name, tokens[place]


def _is_sign(tokens: Sequence[Token], at: int, signs: frozenset[str]) -> bool:
    return 0 <= at < len(tokens) and tokens[at].kind == "sign" and tokens[at].text in signs


def _is_literal(tokens: Sequence[Token], at: int) -> bool:
    if not 0 <= at < len(tokens) or _is_sign(tokens, at + 1, frozenset({".", "["})):
        return False
    return tokens[at].kind in {"text", "number"} or tokens[at].text in {"true", "false"}


def _refuse_unlike(name: str, type_: FieldType | None, literal: Token) -> None:
    if not isinstance(type_, Scalar):
        return
    kind, example = _WRITTEN[type_.kind]
    given = "yes/no" if literal.text in {"true", "false"} else literal.kind
    if given != kind or (type_.kind is ScalarKind.DATE and not _is_day(literal.text[1:-1])):
        raise ConditionSpellingError(
            f"{DATA}.{name} is never {literal.text}: it is declared as {type_.kind}", f"compare it with {example}"
        )


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


# ---------------------------------------------------------------------------- samples


def _typings(condition: Condition, tokens: Sequence[Token]) -> Iterator[Samples]:
    """Yield samples of all fields, once for each way in which the undeclared ones may be typed."""
    texts = [token.text[1:-1] for token in tokens if token.kind == "text"]
    numbers = [f"{number + by}" for number in _numbers(tokens) for by in (0, 1, -1)]
    declared = {name: _samples(type_, texts, numbers) for name, type_ in condition.types.items()}
    free = [name for name in condition.fields if name not in condition.types]
    kinds: Sequence[Sequence[Any]] = [
        _texts(texts),
        [*map(float, numbers), 1.5],
        [7],
        [True, False],
        [[], ["text"]],
    ]
    if len(free) > _MOST_TYPED:
        return
    for chosen in product(kinds, repeat=len(free)):
        yield {**declared, **dict(zip(free, chosen, strict=True))}


def _samples(type_: FieldType, texts: Sequence[str], numbers: Sequence[str]) -> Sequence[Any]:
    return [*_present(type_, texts, numbers), *([None] if type_.is_optional else [])]


def _present(type_: FieldType, texts: Sequence[str], numbers: Sequence[str]) -> Sequence[Any]:
    if isinstance(type_, ListOf):
        return [[], [_item(type_, texts, numbers)]]
    match type_.kind:
        case ScalarKind.TEXT:
            return _texts(texts)
        case ScalarKind.DATE:
            return [*[text for text in texts if _is_day(text)][:_MOST_LITERALS], "2026-01-01"]
        case ScalarKind.MONEY | ScalarKind.NUMBER:
            return [*numbers, "1.5"]
        case ScalarKind.INTEGER:
            return [*[number for number in numbers if number.lstrip("-").isdecimal()], "7"]
        case ScalarKind.BOOL:
            return [True, False]


def _item(type_: ListOf, texts: Sequence[str], numbers: Sequence[str]) -> object:
    if isinstance(type_.item, Scalar):
        return _present(type_.item, texts, numbers)[0]
    return {name: _present(one, texts, numbers)[0] for name, one in type_.item.fields.items()}


def _numbers(tokens: Sequence[Token]) -> Sequence[Decimal]:
    return [Decimal(token.text) for token in tokens if token.kind == "number"][:_MOST_LITERALS]


def _texts(texts: Sequence[str]) -> Sequence[str]:
    return [*[text for text in texts if text][:_MOST_LITERALS], "something else"]


def _cases(samples: Samples) -> Iterator[Mapping[str, Any]]:
    """Yield the data of every case, or of as many as the bound allows; nothing there is always tried."""
    columns = {name: [*values] for name, values in samples.items()}
    while prod(len(values) for values in columns.values()) > _MOST_CASES:
        longest = max(columns.values(), key=len)
        if len(longest) == 1:
            break
        del longest[0]
    for values in product(*columns.values()):
        yield dict(zip(columns, values, strict=True))


def _refuse_on(condition: Condition, samples: Samples) -> None:
    for case in _cases(samples):
        try:
            answer = condition.answer(case)
        except KeyError as missing:
            raise _missing(str(missing.args[0]), condition) from None
        except (TypeError, RuntimeError) as wrong:
            # A function that refuses one value may take another: that is the record's fault.
            if str(wrong).startswith("Function "):
                continue
            raise _unlike(condition) from None
        except (ArithmeticError, LookupError, ValueError):
            continue
        if not isinstance(answer, bool):
            raise ConditionSpellingError(
                "the condition answers with something else than true or false", "compare it, such as … == 'x'"
            )


def _missing(name: str, condition: Condition) -> ConditionSpellingError:
    if name in condition.fields:
        return ConditionSpellingError(
            f"{DATA}.{name} may be missing, and then the condition has no answer",
            f"write has({DATA}.{name}) && …, or !has({DATA}.{name}) || …",
        )
    return ConditionSpellingError(f"no record of a list has a field {name!r} always", "declare it under `data:`")


def _unlike(condition: Condition) -> ConditionSpellingError:
    told = [f"{DATA}.{name} is {_seen_as(condition.types.get(name))}" for name in condition.fields]
    return ConditionSpellingError(
        "the condition puts together what is of different types", f"{'; '.join(told)}; convert by int, double, string"
    )


def _seen_as(type_: FieldType | None) -> str:
    if type_ is None:
        return "not declared under `data:`"
    return _SEEN_AS[type_.kind] if isinstance(type_, Scalar) else "a list"
