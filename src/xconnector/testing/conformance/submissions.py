"""What every composer must show that makes many documents as one job of its own.

Inherit the suite in a test module beside the stand-ins and name their folder: `stand_ins = Path(__file__).parent`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
import pytest_asyncio

from xconnector.contract.composer import Composer, Composition, Order
from xconnector.contract.errors import OutcomeUnknownError, PermanentError, TransientError
from xconnector.contract.submission import ComposesSubmissions, Underway
from xconnector.domain.document import RenditionKind, content_digest
from xconnector.testing.conformance.carrying_out import (
    Key,
    a_submission,
    carried_out,
    ended_of,
    found_again,
    outcome_of,
    read_to_its_end,
    streamed,
)
from xconnector.testing.conformance.composer import composed, words_of
from xconnector.testing.conformance.submission_stand_in import (
    SubmissionStandIn,
    SubmittingUnderTest,
    registered_composers,
)
from xconnector.testing.orders import sample_order, with_data

_ORDERS = 6


@pytest.mark.asyncio
class SubmissionConformance:
    """For every composer in the registry whose stand-in offers `open_submission_stand_in`."""

    stand_ins: ClassVar[Path]
    """Folder that holds `<connector>/stand_in.py`."""
    connectors: ClassVar[Sequence[str] | None] = None
    """Names to run for; None runs for all that are installed."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        composers = registered_composers(self.stand_ins, self.connectors)
        for fixture, submits in (("under_test", True), ("without_stand_in", False)):
            if fixture in metafunc.fixturenames:
                chosen = [composer for composer in composers if composer.has_stand_in is submits]
                metafunc.parametrize(fixture, chosen, ids=[composer.name for composer in chosen])

    @pytest_asyncio.fixture
    async def stand_in(self, under_test: SubmittingUnderTest, tmp_path: Path) -> AsyncIterator[SubmissionStandIn]:
        async with under_test.stand_ins.open_submission_stand_in(tmp_path) as stand_in:
            yield stand_in

    @pytest.fixture
    def open_composer(
        self, under_test: SubmittingUnderTest, stand_in: SubmissionStandIn, tmp_path: Path
    ) -> Callable[[], Composer]:
        """Open it as each worker of a project does: with the state folder that they share."""
        return lambda: under_test.opened(stand_in, tmp_path)

    @pytest_asyncio.fixture
    async def composer(self, open_composer: Callable[[], Composer]) -> AsyncIterator[ComposesSubmissions]:
        async with open_composer() as composer:
            assert isinstance(composer, ComposesSubmissions)
            yield composer

    async def test_a_composer_that_takes_submissions_has_a_stand_in_for_them(
        self, without_stand_in: SubmittingUnderTest, tmp_path: Path
    ) -> None:
        if without_stand_in.module is None:
            pytest.skip("the suite of composers tells that it has no stand-in at all")
        async with (
            without_stand_in.stand_ins.open_composer_stand_in(tmp_path) as stand_in,
            without_stand_in.opened(stand_in, tmp_path) as composer,
        ):
            assert not isinstance(composer, ComposesSubmissions), (
                f"{without_stand_in.name} takes submissions: offer `open_submission_stand_in` in its stand_in.py"
            )

    async def test_runs_are_submitted(self, composer: ComposesSubmissions, stand_in: SubmissionStandIn) -> None:
        assert composer.submits(stand_in.template, of_run=True)
        assert composer.orders_per_submission >= _ORDERS

    async def test_orders_come_back_by_their_keys(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)

        ended = await carried_out(composer, orders)

        assert ended.results.keys() == set(_keys(composer, orders))
        for result in ended.results.values():
            made = composed(result)
            letters = [piece for piece in made.renditions if piece.kind is RenditionKind.LETTER]
            assert [letter.pages or 0 for letter in letters] >= [1]
            assert all(piece.sha256 == content_digest(piece.content) for piece in made.renditions)
            assert made.engine
        assert len({composed(result).renditions for result in ended.results.values()}) == len(orders)

    async def test_the_sequence_of_the_orders_does_not_show(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)

        first = await carried_out(composer, orders, "first")
        second = await carried_out(composer, orders[::-1], "second")

        made = [composed(first.results[key]).renditions for key in _keys(composer, orders)]
        turned = [composed(second.results[key]).renditions for key in _keys(composer, orders[::-1])]
        assert turned[::-1] == made

    async def test_who_is_skipped_is_left_out_and_the_rest_passes(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)
        await stand_in.skip([orders[1], orders[-1]])

        ended = await carried_out(composer, orders)

        kept = [key for position, key in enumerate(_keys(composer, orders)) if position not in {1, len(orders) - 1}]
        assert ended.results.keys() == set(kept)
        assert {type(result) for result in ended.results.values()} == {Composition}
        assert isinstance(ended.left_out, PermanentError)

    async def test_all_may_be_skipped(self, composer: ComposesSubmissions, stand_in: SubmissionStandIn) -> None:
        orders = _orders(stand_in)
        await stand_in.skip(orders)

        ended = await carried_out(composer, orders)

        assert ended.results == {}

    async def test_before_its_end_a_job_is_underway(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        await stand_in.hold()
        receipt = await composer.submit(submission, streamed(orders))

        seen = [await composer.look(submission, receipt.reference) for _ in range(3)]

        for underway in seen:
            assert isinstance(underway, Underway)
            assert underway.said
            assert underway.look_again_after > timedelta(0)
        await stand_in.let_go()
        ended = await ended_of(composer, submission, receipt)
        assert ended.results.keys() == set(_keys(composer, orders))

    async def test_looking_again_shows_the_same(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn, open_composer: Callable[[], Composer]
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        await stand_in.skip(orders[:1])
        receipt = await composer.submit(submission, streamed(orders))

        first = await ended_of(composer, submission, receipt)
        second = await ended_of(composer, submission, receipt)
        async with open_composer() as other:
            assert isinstance(other, ComposesSubmissions)
            elsewhere = await ended_of(other, submission, receipt)

        assert second.results == first.results
        assert elsewhere.results == first.results
        assert str(second.left_out) == str(elsewhere.left_out) == str(first.left_out)

    async def test_a_stream_that_is_not_read_to_its_end_harms_nobody(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        receipt = await composer.submit(submission, streamed(orders))
        outcome = await outcome_of(composer, submission, receipt)
        stream = aiter(outcome.made)
        await anext(stream)

        again = await ended_of(composer, submission, receipt)

        assert again.results.keys() == set(_keys(composer, orders))

    async def test_many_submissions_stand_beside_each_other(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        given = [[_order(stand_in, 10 * group + number) for number in range(3)] for group in range(1, 4)]

        ended = await asyncio.gather(
            *(carried_out(composer, orders, f"group-{group}") for group, orders in enumerate(given))
        )

        for orders, end in zip(given, ended, strict=True):
            assert end.results.keys() == set(_keys(composer, orders))
        assert len({composed(one).renditions for end in ended for one in end.results.values()}) == 9

    async def test_an_outage_is_transient(self, composer: ComposesSubmissions, stand_in: SubmissionStandIn) -> None:
        submission = a_submission(_orders(stand_in))
        await stand_in.go_down()

        with pytest.raises(TransientError):
            await composer.submit(submission, streamed(_orders(stand_in)))

    async def test_an_outage_while_looking_is_transient(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        submission = a_submission(_orders(stand_in))
        receipt = await composer.submit(submission, streamed(_orders(stand_in)))
        await stand_in.go_down()

        with pytest.raises(TransientError):
            await composer.look(submission, receipt.reference)

    async def test_a_lost_answer_is_unknown_and_the_job_is_found(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn, open_composer: Callable[[], Composer]
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        await stand_in.lose_answers(1)
        with pytest.raises(OutcomeUnknownError):
            await composer.submit(submission, streamed(orders))

        async with open_composer() as other:
            assert isinstance(other, ComposesSubmissions)
            receipt = await found_again(other, submission)
            ended = await ended_of(other, submission, receipt)

        assert ended.results.keys() == set(_keys(composer, orders))

    async def test_what_was_answered_is_found_again_also_by_whoever_did_not_hear_it(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn, open_composer: Callable[[], Composer]
    ) -> None:
        submission = a_submission(_orders(stand_in))
        receipt = await composer.submit(submission, streamed(_orders(stand_in)))

        found = await composer.find(submission)
        async with open_composer() as other:
            assert isinstance(other, ComposesSubmissions)
            elsewhere = await other.find(submission)

        assert [one and one.reference for one in (found, elsewhere)] == [receipt.reference] * 2

    async def test_a_second_submission_of_the_same_customers_does_not_get_the_first_one_s_job(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders, "second")
        first = await carried_out(composer, orders, "first")
        changed = [with_data(order, policy_number=f"P-OTHER-{number}") for number, order in enumerate(orders)]
        await stand_in.lose_answers(1)
        with pytest.raises(OutcomeUnknownError):
            await composer.submit(submission, streamed(changed))

        second = await ended_of(composer, submission, await found_again(composer, submission))

        assert _keys(composer, changed) == _keys(composer, orders)
        assert second.results.keys() == first.results.keys()
        for key, result in second.results.items():
            assert composed(result).renditions != composed(first.results[key]).renditions

    async def test_a_worker_that_dies_while_it_submits_has_begun_nothing(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        with pytest.raises(_DiedError):
            await composer.submit(submission, _dying(orders[:2]))

        assert await composer.find(submission) is None
        receipt = await composer.submit(submission, streamed(orders))
        ended = await ended_of(composer, submission, receipt)
        assert ended.results.keys() == set(_keys(composer, orders))

    async def test_an_order_that_cannot_be_submitted_is_not_admitted(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        good = _order(stand_in, 1)
        key = composer.admit(good)
        nameless = replace(good, data={**good.data, "communication": {}})

        for template in ("there_is_no_such_template", f"../{good.template}", ""):
            with pytest.raises(PermanentError):
                composer.admit(replace(good, template=template))
        if key is not None:
            with pytest.raises(PermanentError):
                composer.admit(nameless)
        assert composer.admit(good) == key

    async def test_another_order_has_another_key(
        self, composer: ComposesSubmissions, stand_in: SubmissionStandIn
    ) -> None:
        keys = [composer.admit(order) for order in _orders(stand_in)]

        assert len(set(keys)) == (1 if keys[0] is None else len(keys))

    async def test_nothing_tells_content(self, composer: ComposesSubmissions, stand_in: SubmissionStandIn) -> None:
        orders = _orders(stand_in)
        submission = a_submission(orders)
        await stand_in.skip(orders[:1])
        receipt = await composer.submit(submission, streamed(orders))
        outcome = await outcome_of(composer, submission, receipt)
        ended = await read_to_its_end(outcome)
        with pytest.raises(PermanentError) as refused:
            composer.admit(replace(orders[0], template="there_is_no_such_template"))

        told = (
            f"{ended.left_out!r} {ended.detail} {receipt} {outcome!r} {refused.value!r} {refused.value.__context__!r}"
        )
        for order in orders:
            assert [word for word in words_of(order.data) if word in told] == []


class _DiedError(Exception):
    """The worker is gone."""


def _order(stand_in: SubmissionStandIn, number: int) -> Order:
    return sample_order(number, template=stand_in.template)


def _orders(stand_in: SubmissionStandIn) -> list[Order]:
    return [_order(stand_in, number) for number in range(1, _ORDERS + 1)]


def _keys(composer: ComposesSubmissions, orders: Sequence[Order]) -> list[Key]:
    """Return by what the results of these orders are known, submitted in this sequence."""
    admitted = [composer.admit(order) for order in orders]
    return [position if key is None else key for position, key in enumerate(admitted, 1)]


async def _dying(orders: Sequence[Order]) -> AsyncIterator[Order]:
    for order in orders:
        yield order
    raise _DiedError
