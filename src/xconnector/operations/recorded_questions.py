"""Recorded decisions as questions to one table: where it was asked, what it saw, and what it answered."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from msgspec import DecodeError, Struct
from msgspec.json import Decoder

from xconnector.domain.decision.replay import MOST_EXAMPLES, PastAnswer, Recorded
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.place import Place, inputs_at, read_place
from xconnector.operations.past_policies import PastPolicies
from xconnector.store.decision_text import NO_ROW, rows_of
from xconnector.store.decisions import DecisionRow

_MOST_REMEMBERED = 20_000
_ID_LIST = ", "
_UNANSWERED = PastAnswer(row=None)


class _Common(Struct, frozen=True):
    common: dict[str, Any]


_common = Decoder(_Common)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The questions that decisions with the same rows have in common."""

    questions: Sequence[tuple[Place, PastAnswer]]
    common: PastAnswer | None
    """The answer to the only question, where it saw what is common to all media: so is the routing table asked."""


class RecordedQuestions:
    """Takes decisions apart into the questions that one table was asked."""

    def __init__(self, table: str, policies: PastPolicies) -> None:
        self._table = table
        self._policies = policies
        self._asked: dict[tuple[str, str], _Asked] = {}
        """By policy and rows, which a million decisions have in common with each other."""
        self._pasts: dict[tuple[str, str], PastAnswer] = {}
        self.not_asked = 0
        """Decisions that asked no table of the name."""
        self.erased = 0
        """Decisions whose facts were erased."""
        self.changed = 0
        """Decisions whose facts are not those of their digest: they were changed past us, and are not asked."""
        self.changed_examples: list[UUID] = []
        self.unreadable = 0
        """What was handed over as decisions and does not say what decisions say."""
        self.unreadable_examples: list[UUID] = []

    def of(self, rows: Iterable[DecisionRow]) -> Iterator[Recorded]:
        """Yield the questions of decisions."""
        known = self._asked
        for row in rows:
            facts_text = row.facts_text
            try:
                asked = known.get((row.policy_sha256, row.rows_text)) or self._read(row)
                if facts_text is None or not asked.questions:
                    self.erased += bool(asked.questions)
                    self.not_asked += not asked.questions
                elif not row.has_its_facts:
                    self.changed += 1
                    _add_example(self.changed_examples, row)
                elif asked.common is not None:
                    inputs = _common.decode(facts_text).common
                    yield Recorded(row.communication_id, row.customer_key, row.day, asked.common, inputs)
                else:
                    yield from _questions(row, asked.questions)
            except (DecodeError, ValueError, RecursionError):
                self.unreadable += 1
                _add_example(self.unreadable_examples, row)

    def _read(self, row: DecisionRow) -> _Asked:
        if len(self._asked) >= _MOST_REMEMBERED:
            self._asked.clear()
        questions = [
            (place, self._past(row.policy_sha256, answered))
            for place, answered in ((read_place(text), answered) for text, answered in rows_of(row.rows_text).items())
            if place.table == self._table and place.is_question
        ]
        is_common = len(questions) == 1 and questions[0][0].medium is None
        asked = _Asked(questions=questions, common=questions[0][1] if is_common else None)
        self._asked[row.policy_sha256, row.rows_text] = asked
        return asked

    def _past(self, policy_sha256: str, row: str) -> PastAnswer:
        """Return the answer of then, with what its row said where the table of then is there."""
        if row == NO_ROW:
            return _UNANSWERED
        table = self._table_of(policy_sha256)
        known = self._pasts.get((table.sha256 if table else "", row))
        if known is None:
            ids = row.split(_ID_LIST) if row else []
            knows_all = table is not None and all(one in table.row_by_id for one in ids)
            says = tuple(table.row_by_id[one].then for one in ids) if table is not None and knows_all else None
            known = self._pasts[table.sha256 if table else "", row] = PastAnswer(row=row, says=says)
        return known

    def _table_of(self, policy_sha256: str) -> DecisionTable | None:
        policy = self._policies[policy_sha256]
        return None if policy is None else next((one for one in policy.tables if one.name == self._table), None)


def _add_example(examples: list[UUID], row: DecisionRow) -> None:
    if len(examples) < MOST_EXAMPLES:
        examples.append(row.communication_id)


def _questions(row: DecisionRow, asked: Sequence[tuple[Place, PastAnswer]]) -> Iterator[Recorded]:
    facts, outcome = row.facts, row.outcome
    assert facts is not None, "its text is there"
    proofs = {hop.to: hop.proof for hop in outcome.hops}
    for place, past in asked:
        proof = proofs.get(place.connection or "")
        inputs = inputs_at(place, facts, is_mandatory=outcome.mandatory, proof=proof)
        yield Recorded(row.communication_id, row.customer_key, row.day, past, inputs)
