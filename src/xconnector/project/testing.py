"""Runs a project's own tests: given an event and a customer, expect these communications. Nothing is sent."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from xconnector.domain.decision.deciding import DecisionError
from xconnector.domain.routing.plan import Suppression
from xconnector.domain.trigger.start import StartError
from xconnector.project.condition import ConditionError
from xconnector.project.data_contract import ContractError
from xconnector.project.expectation_file import ExpectationShape, GivenShape
from xconnector.project.findings import ProjectError
from xconnector.project.golden_in_tests import customer_of, otherwise_golden
from xconnector.project.mapping import Mapped, MappingError
from xconnector.project.model import CommunicationKind, Project
from xconnector.project.presentation import present
from xconnector.project.rehearsing import NOON, Fate, fates_of, mapped_by_feed
from xconnector.project.routing import NO_REVIEW, CustomerFacts, Routing, decide_route
from xconnector.project.test_files import ProjectTest, read_tests
from xconnector.project.trigger import asked_for

_ID = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """How one test went."""

    __test__ = False

    file: str
    line: int
    name: str
    differences: tuple[str, ...]
    """What came otherwise than expected, one sentence each."""

    @property
    def passed(self) -> bool:
        return not self.differences


def run_tests(project: Project) -> Sequence[TestResult]:
    """Run all tests of the project, in the order in which they stand in its files.

    Raises ProjectError when their files are wrong.
    """
    tests, findings = read_tests(project.folder, project.communications, project.feeds)
    if findings:
        raise ProjectError(findings)
    return [_result(project, test) for test in tests]


def _result(project: Project, test: ProjectTest) -> TestResult:
    return TestResult(
        file=test.file, line=test.line, name=test.shape.name, differences=tuple(_differences(project, test))
    )


def _differences(project: Project, test: ProjectTest) -> Sequence[str]:
    if (breach := _breach(project, test.shape.given)) is not None:
        return [breach]
    try:
        mapped = mapped_by_feed(project, test.shape.given, on=test.shape.given.on)
        fates = fates_of(project, test.shape.given)
        made = _made(project, test.shape.given, mapped)
    except (ConditionError, MappingError, StartError) as wrong:
        return [str(wrong)]
    expected = {one.communication: one for one in test.shape.expect}
    return [
        *_mapped_otherwise(test.shape.mapped, mapped),
        *_golden_otherwise(project, test, mapped),
        *(f"{name} is not asked for" for name in expected if name not in made),
        *(f"{name} is asked for and was not expected" for name in made if name not in expected),
        *(said for name, one in expected.items() if name in made for said in _judged(one, fates[name], made[name])),
    ]


def _breach(project: Project, given: GivenShape) -> str | None:
    """Return how the record breaks the contract of its source: it would be set aside."""
    feed = project.feeds[given.feed] if given.feed else project.feed_of(given.event)
    contract = project.contract_of(feed) if feed is not None else None
    return None if contract is None else contract.breach(given.data)


def _mapped_otherwise(expected: Mapping[str, Any], mapped: Mapped | None) -> Iterator[str]:
    made: dict[str, Any] = {}
    if mapped is not None:
        made = {**mapped.data, **{f"customer.{name}": value for name, value in mapped.customer_fields.items()}}
    for name, value in expected.items():
        if made.get(name) != value:
            yield f"the mapping makes {made.get(name)!r} of {name}, not {value!r}"


def _golden_otherwise(project: Project, test: ProjectTest, mapped: Mapped | None) -> Iterator[str]:
    if mapped is not None and test.shape.golden:
        yield from otherwise_golden(test.shape.golden, customer_of(project, test.shape.given, mapped))


def _made(project: Project, given: GivenShape, mapped: Mapped | None) -> Mapping[str, Routing | str]:
    """Return the decision on each communication that is asked for, or why there is none."""
    if mapped is None:
        return {}
    customer = customer_of(project, given, mapped)
    return {
        kind.name: _decided(
            project, kind, CustomerFacts(customer=customer, has_device=given.has_device), mapped.data, on=given.on
        )
        for kind in asked_for(project, given.event, mapped.data)
    }


def _decided(
    project: Project, kind: CommunicationKind, known: CustomerFacts, data: Mapping[str, Any], *, on: date
) -> Routing | str:
    issued_at = datetime.combine(on, NOON, ZoneInfo(project.locale.timezone))
    try:
        routing = decide_route(project, kind, known, data, at=issued_at)
        present(project, kind, communication_id=_ID, issued_at=issued_at, customer=known.customer, data=data)
    except (DecisionError, ContractError) as wrong:
        return str(wrong)
    return routing


def _judged(expected: ExpectationShape, fate: Fate, made: Routing | str) -> Sequence[str]:
    """Say what is otherwise than expected of when it begins, or that it does not, and then of how it goes."""
    name = expected.communication
    if fate.ends is not None:
        is_told = expected.ends is not None and expected.ends in fate.ends
        return [] if is_told else [f"{name} is not made: {fate.ends}"]
    if expected.ends is not None:
        return [f"{name} is made"]
    begins = None if fate.begins is None else fate.begins.replace(tzinfo=None)
    if expected.begins is not None and begins != expected.begins:
        return [f"{name} begins {'at once' if begins is None else f'{begins:%Y-%m-%dT%H:%M:%S}'}"]
    return _compared(expected, made if fate.fails is None else fate.fails)


def _compared(expected: ExpectationShape, made: Routing | str) -> Sequence[str]:
    name = expected.communication
    if isinstance(made, str):
        return [] if expected.fails is not None and expected.fails in made else [f"{name} fails: {made}"]
    if expected.fails is not None:
        return [f"{name} does not fail"]
    differences: list[str] = []
    outcome, proposal = made.delivery.outcome, made.delivery.proposal
    said = f"(row {proposal.row} of table {proposal.table})"
    if isinstance(outcome, Suppression):
        if expected.suppressed != outcome.reason:
            differences.append(f"{name} is suppressed: {outcome.reason} {said}")
    else:
        route = tuple(hop.connection for hop in outcome.hops)
        if expected.suppressed is not None:
            differences.append(f"{name} is not suppressed but goes by {', '.join(route)} {said}")
        elif expected.route is not None and expected.route != route:
            differences.append(f"{name} goes by {', '.join(route)}, not by {', '.join(expected.route)} {said}")
    review = made.review or NO_REVIEW
    if expected.review is not None and expected.review != review:
        differences.append(f"{name} is reviewed by {review}, not by {expected.review} {said}")
    return differences
