"""Recorded decisions as lines of JSON, so that they can be replayed elsewhere.

A line is one of these, and a file may mix them:

    {"inputs": {"customer.preference": "email"}, "row": "E1", "on": "2026-10-01", "customer": "K-1",
     "communication_id": "7"}
    {"communication_id": "…", "communication": "notice", "customer": "K-1", "on": "2026-10-01", "decided_at": "…",
     "policy": "<sha-256>", "rows": {"preference/routing": "E1"}, "outcome": {…}, "facts": {…}, "facts_sha256": "…"}
    {"table": "<sha-256>", "name": "routing", "content": "<the table's JSON form>"}
    {"policy": "<sha-256>", "content": {…}}

The first is one question to one table; only `inputs` and, unless another table tells it, `row` are needed, which is ""
where the table had no answer. The second is a whole decision, the others are what stood behind it; they come before it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import IO, Any
from uuid import UUID

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder, Encoder

from xconnector.domain.decision.deciding import DecisionError, decide_all
from xconnector.domain.decision.replay import PastAnswer, Recorded, past_answer
from xconnector.domain.decision.table import DecisionTable
from xconnector.domain.routing.policy import DeliveryPolicy
from xconnector.operations.past_policies import PastPolicies
from xconnector.project.tables.stored import content_of
from xconnector.store.decision_text import NO_ROW
from xconnector.store.decisions import DecisionRow
from xconnector.store.tables import TableContent

MOST_BYTES = 4_000_000
"""Of a line; it may hold a whole table."""
_PAGE = 2000
_NOT_TOLD = datetime.min.replace(tzinfo=UTC)
_encoder = Encoder()
_ABSENT = Raw(b"")
_NOTHING = "null"


class Line(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a line may say."""

    communication_id: str = ""
    communication: str = ""
    customer: str = ""
    on: date | None = None
    inputs: dict[str, Any] | None = None
    row: str | None = None
    decided_at: datetime | None = None
    policy: str | None = None
    rows: Raw = _ABSENT
    outcome: Raw = _ABSENT
    facts: Raw = _ABSENT
    facts_sha256: str = ""
    table: str | None = None
    name: str = ""
    content: Raw = _ABSENT


_lines = Decoder(Line)
_texts = Decoder(str)


class LineError(Exception):
    """A line that does not say what it should; the message says why and shows none of it."""


class SetAside(Struct, frozen=True):
    """A line that was left out."""

    line: int
    """Counted from 1."""
    reason: str


class Page(Struct):
    """Some lines, read."""

    questions: list[Recorded]
    decisions: list[DecisionRow]
    set_aside: list[SetAside]


class DecisionLines:
    """A file of lines, read from its beginning a page at a time; bad lines are set aside and the rest passes."""

    def __init__(self, file: IO[bytes], policies: PastPolicies, *, against: DecisionTable | None = None) -> None:
        self._file = file
        self._policies = policies
        self._against = against
        """The table that answers for lines that do not say which row did."""
        self._pasts: dict[str | None, PastAnswer] = {}
        self._number = 0

    def pages(self) -> Iterator[Page]:
        """Yield what the lines say, in pages of bounded size."""
        while lines := [*self._some()]:
            page = Page([], [], [])
            for line in lines:
                self._number += 1
                try:
                    self._take(line, page)
                except LineError as wrong:
                    page.set_aside.append(SetAside(self._number, str(wrong)))
            yield page

    def _some(self) -> Iterator[bytes]:
        for _ in range(_PAGE):
            line = self._file.readline(MOST_BYTES + 1)
            if not line:
                return
            yield line
            if len(line) > MOST_BYTES:
                self._skip_line(line)

    def _skip_line(self, begun: bytes) -> None:
        while begun and not begun.endswith(b"\n"):
            begun = self._file.readline(MOST_BYTES)

    def _take(self, text: bytes, page: Page) -> None:
        if len(text) > MOST_BYTES:
            raise LineError(f"it is longer than {MOST_BYTES} bytes")
        if text.isspace():
            return
        try:
            self._take_read(_lines.decode(text), page)
        except (DecodeError, RecursionError) as wrong:
            raise LineError(str(wrong)) from None
        except UnicodeDecodeError:
            raise LineError("it is not UTF-8") from None

    def _take_read(self, line: Line, page: Page) -> None:
        if line.inputs is not None:
            page.questions.append(self._question(line, line.inputs))
        elif content := _text(line.content):
            self._learn(line, content)
        else:
            page.decisions.append(_decision(line))

    def _question(self, line: Line, inputs: dict[str, Any]) -> Recorded:
        return Recorded(line.communication_id, line.customer, line.on, self._past(line, inputs), inputs)

    def _past(self, line: Line, inputs: dict[str, Any]) -> PastAnswer:
        against = self._against
        if line.row is None:
            if against is None:
                raise LineError("it says no row, and there is no table of then to ask")
            try:
                matches = decide_all(against, inputs, on=line.on)
            except DecisionError as error:
                raise LineError(f"the table of then has no answer: {error}") from None
            past = past_answer(matches)
        elif line.row == NO_ROW:
            past = PastAnswer(row=None)
        elif line.row in self._pasts:
            return self._pasts[line.row]
        else:
            of_then = None if against is None else against.row_by_id.get(line.row)
            past = PastAnswer(row=line.row, says=None if of_then is None else (of_then.then,))
        return self._pasts.setdefault(past.row, past)

    def _learn(self, line: Line, content: str) -> None:
        if line.table is not None:
            kept = TableContent(sha256=line.table, name=line.name, content=_texts.decode(content))
            if not self._policies.add_table(kept):
                raise LineError("it is no table with this SHA-256")
        elif line.policy is None or not self._policies.add_policy(line.policy, content):
            raise LineError("it is no policy with this SHA-256 whose tables stand in lines before it")


def _decision(line: Line) -> DecisionRow:
    rows, outcome, facts = _text(line.rows), _text(line.outcome), _text(line.facts)
    if not rows or not outcome or line.on is None or line.policy is None:
        raise LineError("it has neither inputs nor all of rows, outcome, on and policy")
    try:
        communication_id = UUID(line.communication_id)
    except ValueError:
        raise LineError("its communication_id is no UUID") from None
    return DecisionRow(
        communication_id,
        0,
        line.decided_at or _NOT_TOLD,
        line.on,
        line.communication,
        line.customer,
        line.policy,
        rows,
        outcome,
        facts if facts and facts != _NOTHING else None,
        line.facts_sha256 or sha256(facts.encode()).hexdigest(),
    )


def _text(part: Raw) -> str:
    """Return a part of a line as it stands there; nothing where it is absent."""
    return bytes(part).decode()


# ---------------------------------------------------------------- writing


def written(row: DecisionRow) -> bytes:
    """Return a decision as a line."""
    return _written(
        Line(
            communication_id=str(row.communication_id),
            communication=row.name,
            customer=row.customer_key,
            on=row.day,
            decided_at=row.decided_at,
            policy=row.policy_sha256,
            rows=Raw(row.rows_text.encode()),
            outcome=Raw(row.outcome_text.encode()),
            facts=Raw((row.facts_text or _NOTHING).encode()),
            facts_sha256=row.facts_sha256,
        )
    )


def written_policy(policy: DeliveryPolicy) -> Iterator[bytes]:
    """Yield a policy as lines, its tables before it."""
    for table in policy.tables:
        kept = content_of(table)
        yield _written(Line(table=kept.sha256, name=kept.name, content=Raw(_encoder.encode(kept.content))))
    yield _written(Line(policy=policy.sha256, content=Raw(policy.content.encode())))


def written_question(question: Recorded, communication: str) -> bytes:
    """Return a question as a line."""
    return _written(
        Line(
            communication_id=str(question.communication_id),
            communication=communication,
            customer=question.customer,
            on=question.day,
            inputs=dict(question.inputs),
            row=NO_ROW if question.past.row is None else question.past.row,
        )
    )


def _written(line: Line) -> bytes:
    return _encoder.encode(line) + b"\n"
