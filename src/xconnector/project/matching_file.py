"""`customers/matching.yaml`: who is the same customer. Without the file nobody is merged."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from xconnector.domain.matching.keys import MOST, NOBODY_IS_MERGED, KeyRule, MatchingRules, comparable
from xconnector.project.customer_fields import GOLDEN_FIELDS
from xconnector.project.file_words import Name, Shape
from xconnector.project.findings import Finding, named_like
from xconnector.project.shape import Shaped, shape
from xconnector.project.yaml_file import YamlFile, read_yaml

MATCHING_FILE = "customers/matching.yaml"

_WEAK = frozenset(
    {
        *("title", "first_name", "last_name", "postcode", "city", "region", "country", "language", "address_lines"),
        *("company", "preference", "alternate_format", "email_consent", "portal_account", "birth_date", "deceased_on"),
    }
)
"""What many people have in common: alone it makes no rule."""
_NO_KEYS = frozenset({"email_consent", "portal_account", "preference", "alternate_format", "language"})
_Fields = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
_Ignored = Annotated[str, Field(min_length=1, max_length=500)] | int


class MatchingShape(Shape):
    """`customers/matching.yaml`."""

    same_when: Annotated[tuple[_Fields, ...], Field(min_length=1, max_length=20)]
    """Rules, the strongest first: each a list of golden-record fields that must all be there and agree, such as
    [tax_id] or [last_name, birth_date, postcode]. Capitals, accents and signs do not count."""
    unless_differ: Annotated[tuple[Name, ...], Field(max_length=20)] = ()
    """Fields in which two members of one customer never differ where both have them, such as birth_date; whom a rule
    would merge in spite of it, a person decides about."""
    ignore: Mapping[Name, tuple[_Ignored, ...]] = {}
    """By field the values that say nothing, such as the telephone of an agency or a no-reply address."""
    most: Annotated[int, Field(ge=2, le=1000)] = MOST
    """How many members may share a key, or be one customer; beyond it nobody is merged, and `customers match` tells."""


def read_matching(folder: Path, own_fields: Collection[str] = ()) -> tuple[MatchingRules, list[Finding]]:
    """Return a project's rules, and everything that is wrong with them; no rules where there is no file.

    `own_fields` are those that only this project has.
    """
    path = folder / MATCHING_FILE
    if not path.is_file() or path.is_symlink():
        return NOBODY_IS_MERGED, []
    file, findings = read_yaml(path, MATCHING_FILE)
    if file is None:
        return NOBODY_IS_MERGED, findings
    shaped, wrong = shape(MatchingShape, file.content, Shaped(file=file))
    if shaped is None:
        return NOBODY_IS_MERGED, [*findings, *wrong]
    return _rules(shaped), [
        *findings,
        *_unknown(file, shaped, own_fields),
        *_too_weak(file, shaped),
        *_odd(file, shaped),
    ]


def _rules(shaped: MatchingShape) -> MatchingRules:
    return MatchingRules(
        rules=[KeyRule(fields=fields) for fields in shaped.same_when],
        unless_differ=shaped.unless_differ,
        ignore={
            name: frozenset(value for one in values if (value := comparable(name, one)) is not None)
            for name, values in shaped.ignore.items()
        },
        most=shaped.most,
    )


def _unknown(file: YamlFile, shaped: MatchingShape, own_fields: Collection[str]) -> list[Finding]:
    """What names no field, or one that says nothing of who somebody is."""
    places = [
        *((("same_when", at, i), name) for at, rule in enumerate(shaped.same_when) for i, name in enumerate(rule)),
        *((("unless_differ", at), name) for at, name in enumerate(shaped.unless_differ)),
        *((("ignore", name), name) for name in shaped.ignore),
    ]
    known = [*(name for name in GOLDEN_FIELDS if name not in _NO_KEYS), *own_fields]
    return [
        file.finding(place, f"{name!r} is no field by which customers are known", named_like(name, known))
        for place, name in places
        if name not in known
    ]


def _too_weak(file: YamlFile, shaped: MatchingShape) -> list[Finding]:
    """Rules that would merge people who have nothing to do with each other."""
    return [
        file.finding(
            ("same_when", at),
            f"{fields[0]!r} alone is shared by people who have nothing to do with each other",
            "add fields that must agree as well, such as last_name, birth_date and postcode",
        )
        for at, fields in enumerate(shaped.same_when)
        if {*fields} <= _WEAK and len({*fields}) == 1
    ]


def _odd(file: YamlFile, shaped: MatchingShape) -> list[Finding]:
    rules = [frozenset(fields) for fields in shaped.same_when]
    twice = [
        file.finding(("same_when", at), "this rule stands there already", "leave it out")
        for at, fields in enumerate(rules)
        if any(earlier <= fields for earlier in rules[:at])
    ]
    empty = [
        file.finding(("ignore", name, at), "this value makes no key anyway", "leave it out")
        for name, values in shaped.ignore.items()
        for at, value in enumerate(values)
        if comparable(name, value) is None
    ]
    return [*twice, *empty]
