"""Probable matches: who may be the same customer, by splink, for a steward to decide about. Nobody is linked by it.

splink is an extra: this is the only file that knows it.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from xconnector.contract.errors import MisconfiguredError
from xconnector.domain.golden import Survivorship
from xconnector.domain.matching.keys import comparable
from xconnector.domain.matching.links import LinkAction
from xconnector.postgres.connect import Connection, Pool, reading, transaction
from xconnector.store import customer_links, customer_matches, customers
from xconnector.store.customer_matches import Proposal

PROBABLE = "probable"
"""The basis of a match that no rule found."""
_ID = "member"
_AT_ONCE = 500
_FEWEST = 0.02
"""Share of the members that must have a field for it to be compared."""
_FEWEST_MEMBERS = 20
_PAIRS_TO_LEARN_FROM = 200_000.0
_SEED = 1
_NEAR: Mapping[str, tuple[str, list[float]]] = {
    "first_name": ("JaroWinklerAtThresholds", [0.92, 0.85]),
    "last_name": ("JaroWinklerAtThresholds", [0.92, 0.85]),
    "company": ("JaroWinklerAtThresholds", [0.92, 0.85]),
    "city": ("JaroWinklerAtThresholds", [0.9]),
    "birth_date": ("DamerauLevenshteinAtThresholds", [1, 2]),
    "postcode": ("DamerauLevenshteinAtThresholds", [1]),
    "email": ("DamerauLevenshteinAtThresholds", [1, 3]),
    "mobile": ("DamerauLevenshteinAtThresholds", [1]),
    "tax_id": ("DamerauLevenshteinAtThresholds", [1]),
}
"""How each field is compared, and from where on two values are near."""
_BLOCKS = (
    *(("email",), ("mobile",), ("tax_id",), ("last_name", "birth_date"), ("first_name", "birth_date")),
    *(("last_name", "postcode"), ("first_name", "last_name", "city"), ("birth_date", "postcode")),
)
"""Who is compared at all: those who agree in all fields of any of these."""
_LEARNT_BY = (("email",), ("birth_date", "postcode"), ("first_name", "last_name", "postcode"))
_STRONG = (("email", "birth_date"), ("last_name", "birth_date", "postcode"), ("tax_id",))
_FOUND_BY_STRONG = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbableWork:
    """What is asked for."""

    survivorship: Survivorship
    at: datetime
    at_least: float
    """Probability, from 0 to 1."""
    most: int
    """Pairs that are proposed at once, the most probable first."""
    ignore: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]], repr=False)
    """By field the values that say nothing, as for the rules."""


async def propose_probable(pool: Pool, work: ProbableWork) -> int:
    """Let stewards decide about the most probable pairs that are not one customer; returns how many are new.

    Pairs that were proposed before, or that somebody said are two customers, are left out. All members are held in
    memory. Raises MisconfiguredError without the extra.
    """
    _prove_installed()
    async with reading(pool) as connection:
        columns = await _columns(connection, work)
    predicted = await asyncio.to_thread(_predict, columns, work.at_least)
    found = sorted(predicted, key=lambda one: (-(one.probability or 0.0), one.first_key, one.second_key))
    new = 0
    for first in range(0, len(found), _AT_ONCE):
        page = found[first : first + _AT_ONCE]
        async with transaction(pool) as connection:
            fresh = await _fresh(connection, page)
            new += await customer_matches.propose(connection, fresh[: work.most - new], datetime.now(UTC))
        if new >= work.most:
            break
    return new


def _prove_installed() -> None:
    try:
        import splink  # noqa: F401, PLC0415 # pyright: ignore[reportUnusedImport] - only whether it is there
    except ImportError:
        raise MisconfiguredError(
            "probable matches need the extra for matching: pip install xconnector[matching]"
        ) from None


async def _columns(connection: Connection, work: ProbableWork) -> dict[str, list[str | None]]:
    """Return what is known of every member, a column for each field that enough of them have."""
    columns: dict[str, list[str | None]] = {name: [] for name in (_ID, *_NEAR)}
    after = ""
    while said := await customers.statements_after(connection, after):
        for member, records in said.items():
            after = member
            golden = work.survivorship.golden(member, records, at=work.at).fields
            columns[_ID].append(member)
            for name in _NEAR:
                value = comparable(name, golden.get(name))
                columns[name].append(None if value in work.ignore.get(name, ()) else value)
    members = len(columns[_ID])
    return {
        name: values
        for name, values in columns.items()
        if name == _ID or sum(value is not None for value in values) >= max(_FEWEST * members, 1)
    }


async def _fresh(connection: Connection, page: Sequence[Proposal]) -> list[Proposal]:
    """Return those that are not one customer, were never proposed, and of whom nobody said that they are two."""
    members = sorted({key for one in page for key in (one.first_key, one.second_key)})
    customer_of = await customer_links.customers_of(connection, members)
    apart = {
        (word.first_key, word.second_key)
        for word in await customer_links.words_on(connection, members)
        if word.action is LinkAction.APART
    }
    return [
        one
        for one in page
        if customer_of[one.first_key] != customer_of[one.second_key] and (one.first_key, one.second_key) not in apart
    ]


# ---------------------------------------------------------------------------- splink


def _predict(columns: Mapping[str, list[str | None]], at_least: float) -> list[Proposal]:
    names = [name for name in columns if name != _ID]
    if len(columns[_ID]) < _FEWEST_MEMBERS or len(names) < 2:  # noqa: PLR2004 - one field alone explains nothing
        return []
    rows = _rows(columns, names, at_least)
    return [_proposal(row, names) for row in rows]


def _rows(columns: Mapping[str, list[str | None]], names: Sequence[str], at_least: float) -> list[dict[str, Any]]:
    """Learn from all pairs how much each field tells, and return the pairs that are probable enough."""
    # pyright cannot know splink where the extra is not installed, and it says little of its own types.
    import splink.comparison_library as library  # noqa: PLC0415
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415

    logging.getLogger("splink").setLevel(logging.ERROR)
    blocks: list[Any] = [block_on(*block) for block in _within(_BLOCKS, names)]
    if not blocks:
        return []
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name=_ID,
        comparisons=[getattr(library, _NEAR[name][0])(name, _NEAR[name][1]) for name in names],
        blocking_rules_to_generate_predictions=blocks,
        retain_intermediate_calculation_columns=True,
    )
    database: Any = DuckDBAPI()
    linker: Any = Linker(database.register(dict(columns)), settings, log_level=None)
    strong = [block_on(*block) for block in _within(_STRONG, names)]
    if strong:
        linker.training.estimate_probability_two_random_records_match(strong, recall=_FOUND_BY_STRONG)
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS_TO_LEARN_FROM, seed=_SEED)
    for block in _within(_LEARNT_BY, names):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*block))
    return linker.inference.predict(threshold_match_probability=at_least).as_record_list()


def _within(blocks: Iterable[tuple[str, ...]], names: Sequence[str]) -> list[tuple[str, ...]]:
    return [block for block in blocks if {*block} <= {*names}]


def _proposal(row: Mapping[str, Any], names: Sequence[str]) -> Proposal:
    first, second = sorted((str(row[f"{_ID}_l"]), str(row[f"{_ID}_r"])))
    return Proposal(
        first_key=first,
        second_key=second,
        basis=PROBABLE,
        probability=float(row["match_probability"]),
        weights={name: round(float(row[f"mw_{name}"]), 2) for name in names},
    )
