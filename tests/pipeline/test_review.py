import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.review import Decision
from xconnector.operations.failures import Choice, open_failures
from xconnector.operations.reviews import ReviewError, decide, waiting_reviews

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def _waiting(opened: Office) -> str:
    """Bring a notice before the reviewers, and return the digest of its document."""
    await opened.send(notice("1", amount="2000.00"))
    await opened.work()
    (review,) = await waiting_reviews(opened.place.pool, role=None, limit=10)
    assert review.role == "compliance"
    return review.document_sha256


async def _decide(opened: Office, digest: str, decision: Decision = Decision.APPROVED, *, person: str = "anna") -> None:
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


async def test_what_waits_for_a_verdict_neither_leaves_nor_is_archived(office: OpenOffice) -> None:
    async with office() as opened:
        await _waiting(opened)
        found = await opened.explain("1")
        account = await opened.account()

    assert found.found.state == "in_review"
    assert found.archived == []
    assert found.handovers == []
    assert account.closes
    assert not account.reconciliation.is_through


async def test_an_approved_document_is_archived_and_printed_byte_for_byte(office: OpenOffice) -> None:
    async with office() as opened:
        digest = await _waiting(opened)
        await _decide(opened, digest[:8].upper())
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.COMPLETED: 1}
    assert opened.printed() == [found.handovers[0].dispatch_key]
    assert {kept.sha256 for kept in found.archived} == {kept.sha256 for kept in found.renditions}
    approval = next(entry for entry in found.history if entry.event == "approved")
    assert (approval.actor, (approval.detail or {})["document"]) == ("anna", digest)


async def test_a_rejected_document_is_cancelled_and_never_leaves(office: OpenOffice) -> None:
    async with office() as opened:
        await _decide(opened, await _waiting(opened), Decision.REJECTED)
        account = await opened.work()
        found = await opened.explain("1")

    assert account.states == {State.CANCELLED: 1}
    assert account.closes
    assert found.archived == []
    assert opened.printed() == []


@pytest.mark.parametrize("person, told", [("ben", "role 'compliance'"), ("carl", "not among `people`")])
async def test_only_somebody_with_the_role_decides(office: OpenOffice, person: str, told: str) -> None:
    async with office() as opened:
        digest = await _waiting(opened)
        with pytest.raises(ReviewError, match=told):
            await _decide(opened, digest, person=person)
        assert await opened.state_of("1") is State.IN_REVIEW


@pytest.mark.parametrize("digest", ["", "0" * 64, "0123456"])
async def test_a_verdict_names_the_document_that_waits(office: OpenOffice, digest: str) -> None:
    async with office() as opened:
        await _waiting(opened)
        with pytest.raises(ReviewError, match="digest"):
            await _decide(opened, digest)
        assert await opened.state_of("1") is State.IN_REVIEW


async def test_a_verdict_is_given_once(office: OpenOffice) -> None:
    async with office() as opened:
        digest = await _waiting(opened)
        await _decide(opened, digest, Decision.REJECTED)
        with pytest.raises(ReviewError, match="rejected by anna already"):
            await _decide(opened, digest)
        assert await opened.state_of("1") is State.CANCELLED


async def test_a_document_that_changed_after_its_approval_never_leaves(office: OpenOffice) -> None:
    async with office() as opened:
        digest = await _waiting(opened)
        for pack in (opened.folder / "var" / "content").rglob("*.pack"):
            pack.chmod(0o600)
            pack.write_bytes(pack.read_bytes().replace(b"%PDF-1.7", b"%PDF-1.6"))
        await _decide(opened, digest)
        account = await opened.work()
        found = await opened.explain("1")
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.FAILED: 1}
    assert found.archived == []
    assert opened.printed() == []
    assert "no longer match" in failure.reason
    assert "backup" in failure.reason


async def test_verdicts_on_many_of_one_batch_let_each_go_once(office: OpenOffice) -> None:
    async with office() as opened:
        await opened.send(*(notice(str(number), amount="2000.00") for number in range(6)))
        await opened.work()
        for review in await waiting_reviews(opened.place.pool, role="compliance", limit=10):
            await decide(
                opened.place.pool,
                opened.place.jobs,
                opened.place.project.people,
                communication=str(review.communication_id),
                document_sha256=review.document_sha256,
                decision=Decision.APPROVED,
                person="anna",
                reason="",
            )
        account = await opened.work()

    assert account.states == {State.COMPLETED: 6}
    assert account.closes
    assert len(opened.printed()) == len(set(opened.printed())) == 6
