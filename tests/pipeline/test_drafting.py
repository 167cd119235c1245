"""A document in review is edited outside, and comes back as another one for the same review."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from tests.pipeline.editing_composer import EditingComposer
from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError, PermanentError, TransientError
from xconnector.domain.communication import State
from xconnector.domain.document import content_digest
from xconnector.domain.review import Decision
from xconnector.operations.reviews import ReviewError, decide, waiting_reviews
from xconnector.pipeline.drafting import DraftError, edit, give_up, take_back
from xconnector.postgres.connect import transaction
from xconnector.store.reviews import Review

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def in_review(
    office: OpenOffice, composer: EmbeddedComposer, *, limits: str = ""
) -> AsyncGenerator[tuple[Office, EditingComposer, Review]]:
    """A notice before the reviewers, composed by somebody who keeps drafts."""
    desk = EditingComposer(composer=composer)
    changes = {
        "xconnector.yaml": [
            ("processes: 2}", f"processes: 2{limits}}}"),
            ("ben: {", "dora: {roles: [compliance]}, emil: {roles: [compliance]}, ben: {"),
        ]
    }
    async with office(changes, instead={"composer": desk}) as opened:
        await opened.send(notice("1", amount="2000.00"))
        await opened.work()
        yield opened, desk, await review_of(opened)


async def review_of(opened: Office) -> Review:
    (review,) = await waiting_reviews(opened.place.pool, role=None, limit=10)
    return review


async def approve(opened: Office, digest: str, *, person: str = "dora") -> None:
    await decide_as(person, opened, digest, Decision.APPROVED)


async def decide_as(person: str, opened: Office, digest: str, decision: Decision) -> None:
    await decide(
        opened.place.pool,
        opened.place.jobs,
        opened.place.project.people,
        communication="1",
        document_sha256=digest,
        decision=decision,
        person=person,
        reason="seen",
    )


async def letter_of(opened: Office) -> str:
    found = await opened.explain("1")
    return next(kept.sha256 for kept in found.renditions if kept.kind == "letter")


async def test_what_people_wrote_is_what_is_approved_archived_and_printed(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, review):
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"
        returned = await take_back(opened.place, "1", person="anna")
        with pytest.raises(ReviewError, match="digest"):
            await approve(opened, review.document_sha256)
        await approve(opened, returned.document_sha256)
        account = await opened.work()
        found = await opened.explain("1")

    assert returned.was == review.document_sha256 != returned.document_sha256
    assert returned.left_behind is None
    assert desk.written == {}
    assert account.states == {State.COMPLETED: 1}
    assert account.closes
    assert {kept.sha256 for kept in found.archived} == {kept.sha256 for kept in found.renditions}
    assert found.found.document_sha256 == returned.document_sha256


async def test_the_ledger_tells_who_edited_and_both_digests(office: OpenOffice, composer: EmbeddedComposer) -> None:
    async with in_review(office, composer) as (opened, desk, review):
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"
        returned = await take_back(opened.place, "1", person="anna")
        history = (await opened.explain("1")).history

    opening, coming = (
        next(entry for entry in history if entry.event == f"draft {what}") for what in ("opened", "returned")
    )
    assert (opening.actor, (opening.detail or {})["document"]) == ("anna", review.document_sha256)
    assert coming.actor == "anna"
    assert (coming.detail or {})["was"] == review.document_sha256
    assert (coming.detail or {})["document"] == returned.document_sha256


@pytest.mark.parametrize("decision", Decision)
async def test_nobody_gives_the_verdict_on_what_they_edited(
    office: OpenOffice, composer: EmbeddedComposer, decision: Decision
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"
        returned = await take_back(opened.place, "1", person="dora")
        for person in ("anna", "dora"):
            with pytest.raises(ReviewError, match=f"{person} edited .*four eyes"):
                await decide_as(person, opened, returned.document_sha256, decision)

        await decide_as("emil", opened, returned.document_sha256, decision)


async def test_whoever_edited_before_another_one_did_has_a_hand_in_the_document_too(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        for person in ("anna", "dora"):
            draft = await edit(opened.place, "1", person=person)
            desk.written[draft.reference] = f"as {person} sees it"
            await take_back(opened.place, "1", person=person)
        digest = (await review_of(opened)).document_sha256
        with pytest.raises(ReviewError, match="four eyes"):
            await approve(opened, digest, person="anna")

        await approve(opened, digest, person="emil")


async def test_whoever_gave_an_edit_up_may_give_the_verdict(office: OpenOffice, composer: EmbeddedComposer) -> None:
    async with in_review(office, composer) as (opened, _, review):
        await edit(opened.place, "1", person="anna")
        await give_up(opened.place, "1", person="anna")

        await approve(opened, review.document_sha256, person="anna")


async def test_while_it_is_edited_no_verdict_is_taken_and_the_list_says_who(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, _, review):
        await edit(opened.place, "1", person="anna")
        with pytest.raises(ReviewError, match="edited by anna"):
            await approve(opened, review.document_sha256)

        assert (await review_of(opened)).edited_by == "anna"
        assert await opened.state_of("1") is State.IN_REVIEW


@pytest.mark.parametrize("person, told", [("ben", "role 'compliance'"), ("carl", "not among `people`")])
async def test_only_who_may_review_may_edit(
    office: OpenOffice, composer: EmbeddedComposer, person: str, told: str
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        with pytest.raises(DraftError, match=told):
            await edit(opened.place, "1", person=person)
        await edit(opened.place, "1", person="anna")
        with pytest.raises(DraftError, match=told):
            await take_back(opened.place, "1", person=person)

        assert len(desk.written) == 1


async def test_asking_again_gives_the_same_draft(office: OpenOffice, composer: EmbeddedComposer) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        first = await edit(opened.place, "1", person="anna")
        again = await edit(opened.place, "1", person="anna")

        assert again == first
        assert len(desk.written) == 1


async def test_a_verdict_while_the_draft_is_being_made_wins(office: OpenOffice, composer: EmbeddedComposer) -> None:
    async with in_review(office, composer) as (opened, desk, review):

        async def decided() -> None:
            await approve(opened, review.document_sha256)

        desk.meanwhile = decided
        with pytest.raises(DraftError, match="just now"):
            await edit(opened.place, "1", person="anna")
        await opened.work()

        assert desk.written == {}
        assert await opened.state_of("1") is State.COMPLETED


@pytest.mark.parametrize(
    "error", [TransientError("down"), PermanentError("refused"), OutcomeUnknownError("the answer was lost")]
)
async def test_what_fails_on_the_way_back_can_be_asked_for_again(
    office: OpenOffice, composer: EmbeddedComposer, error: ConnectorError
) -> None:
    async with in_review(office, composer) as (opened, desk, review):
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"
        desk.refuses = error
        with pytest.raises(type(error)):
            await take_back(opened.place, "1", person="anna")
        assert (await review_of(opened)).document_sha256 == review.document_sha256
        desk.refuses = None
        returned = await take_back(opened.place, "1", person="anna")

        assert (await review_of(opened)).document_sha256 == returned.document_sha256 != review.document_sha256


async def test_a_return_that_is_cut_off_is_of_unknown_outcome_and_a_draft_that_is_is_not(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async def long() -> None:
        await asyncio.sleep(5)

    async with in_review(office, composer, limits=", limits: {timeout: 1s}") as (opened, desk, review):
        desk.meanwhile = long
        with pytest.raises(DraftError, match="cut off"):
            await edit(opened.place, "1", person="anna")
        await edit(opened.place, "1", person="anna")
        desk.meanwhile = long
        with pytest.raises(OutcomeUnknownError, match="what became of it"):
            await take_back(opened.place, "1", person="anna")

        assert (await review_of(opened)).document_sha256 == review.document_sha256


async def test_a_draft_that_cannot_be_discarded_stands_in_nobodys_way(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        first = await edit(opened.place, "1", person="anna")
        desk.keeps_drafts = True
        returned = await take_back(opened.place, "1", person="anna")
        assert returned.left_behind == "drafts cannot be discarded now"
        desk.keeps_drafts = False
        second = await edit(opened.place, "1", person="anna")

        assert list(desk.written) == [second.reference] != [first.reference]
        await take_back(opened.place, "1", person="anna")
        await approve(opened, (await review_of(opened)).document_sha256)


async def test_an_edit_can_be_given_up_even_when_its_draft_is_gone(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, review):
        await edit(opened.place, "1", person="anna")
        desk.written.clear()
        with pytest.raises(PermanentError, match="no such draft"):
            await take_back(opened.place, "1", person="anna")
        await give_up(opened.place, "1", person="anna")
        await approve(opened, review.document_sha256)

        assert "draft discarded" in await opened.story_of("1")


async def test_an_edit_can_be_given_up_when_its_draft_cannot_be_discarded(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, review):
        draft = await edit(opened.place, "1", person="anna")
        desk.keeps_drafts = True
        ended = await give_up(opened.place, "1", person="anna")
        history = (await opened.explain("1")).history

        assert ended.left_behind == "drafts cannot be discarded now"
        told = next(entry.detail or {} for entry in history if entry.event == "draft discarded")
        assert (told["draft"], told["left_behind"]) == (draft.reference, ended.left_behind)
        assert (await review_of(opened)).edited_by is None
        await approve(opened, review.document_sha256)


async def test_an_edit_can_be_given_up_when_its_connection_is_gone(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, _, review):
        await edit(opened.place, "1", person="anna")
        async with transaction(opened.place.pool) as connection:
            await connection.execute("UPDATE draft SET connection = 'gone'")
        ended = await give_up(opened.place, "1", person="anna")
        await approve(opened, review.document_sha256)

    assert "no connection 'gone'" in (ended.left_behind or "")


async def test_two_who_take_back_at_once_change_the_document_once(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"

        async def another() -> None:
            await take_back(opened.place, "1", person="anna")

        desk.meanwhile = another
        with pytest.raises(DraftError, match="just now"):
            await take_back(opened.place, "1", person="anna")

        assert (await opened.story_of("1")).count("draft returned") == 1


async def test_the_bytes_in_the_content_store_are_those_of_the_new_digest(
    office: OpenOffice, composer: EmbeddedComposer
) -> None:
    async with in_review(office, composer) as (opened, desk, _):
        before = await letter_of(opened)
        draft = await edit(opened.place, "1", person="anna")
        desk.written[draft.reference] = "with regrets"
        await take_back(opened.place, "1", person="anna")
        found = await opened.explain("1")
        (letter,) = [kept for kept in found.renditions if kept.kind == "letter"]

        assert letter.sha256 != before
        assert content_digest(opened.place.content.read(letter.place, letter.sha256)) == letter.sha256


async def test_what_a_connector_cannot_edit_is_told_so(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(notice("1", amount="2000.00"))
        await opened.work()
        with pytest.raises(DraftError, match="keeps no drafts"):
            await edit(opened.place, "1", person="anna")
