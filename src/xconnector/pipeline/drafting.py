"""drafting: a document in review is edited by people outside, and comes back as another document for the same review.

While its draft is open no verdict is taken. What comes back has a SHA-256 of its own, which the verdict must name.
Whatever is lost on the way can be asked for again: the draft is discarded only after its documents are recorded.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from xconnector.contract.composer import Composition, Order
from xconnector.contract.drafts import Draft, EditsDrafts
from xconnector.contract.errors import ConnectorError, OutcomeUnknownError
from xconnector.domain.communication import State
from xconnector.execution.limits import NotNowError
from xconnector.pipeline import composed
from xconnector.pipeline.composed import Composed
from xconnector.pipeline.ordering import composer_of, kinds_for, order_of, template_of
from xconnector.pipeline.workplace import Workplace
from xconnector.postgres.connect import Connection, in_transaction, reading
from xconnector.project.open_connections import is_outage
from xconnector.project.people import why_not
from xconnector.store import communications, documents, drafts, ledger, reviews
from xconnector.store.communications import Standing
from xconnector.store.drafts import KeptDraft
from xconnector.store.reviews import Review

T = TypeVar("T")


class DraftError(Exception):
    """The document cannot be edited, or not be taken back; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """An edited document is in review now."""

    communication_id: UUID
    was: str
    """Digest of the document before."""
    document_sha256: str
    """Digest of the document that waits now; the verdict must name it."""
    left_behind: str | None
    """Why the draft could not be discarded outside; None when it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """An edit has ended, and its document is in review as it was."""

    communication_id: UUID
    left_behind: str | None
    """Why the draft could not be discarded outside; None when it is gone."""


async def edit(place: Workplace, words: str, *, person: str) -> KeptDraft:
    """Open a draft of a document that is in review, and say where it is edited.

    Whoever has it open already is told the same draft again. Raises DraftError, or one of the four contract errors.
    """
    review = await _review(place, words, person)
    known = await _draft_of(place, review.communication_id)
    if known is not None and _is_open(known, review):
        return _own(known, person)
    if known is not None:
        # Left behind by an earlier edit, or of an earlier document: there is one draft at a time.
        await _discard(place, known)
    standing, order = await _order(place, review)
    made = await _harmless(place, composer_of(place, standing), lambda desk: desk.draft(order))
    draft = _kept(place, review, composer_of(place, standing), made, person)
    if await in_transaction(place.pool, lambda connection: _record_opening(place, connection, draft, review)):
        return draft
    # Somebody was quicker: nobody will ever edit this one.
    await _discard(place, draft)
    raise DraftError(
        "its review was decided, or somebody else opened a draft, just now; look at `xconnector review list`"
    )


async def take_back(place: Workplace, words: str, *, person: str) -> Returned:
    """Bring the edited document into the review in place of the one before.

    Raises DraftError, or one of the four contract errors; the draft then stays open and can be taken back again.
    """
    review = await _review(place, words, person)
    draft = await _open_draft(place, review)
    standing, order = await _order(place, review)
    composition = await _finished(place, draft, order)
    [document] = await _keep(place, standing, composition)
    recorded = await in_transaction(
        place.pool, lambda connection: _record_return(place, connection, draft, document, person)
    )
    if not recorded:
        raise DraftError("it was taken back, or its review was decided, just now; look at `xconnector review list`")
    return Returned(
        communication_id=review.communication_id,
        was=review.document_sha256,
        document_sha256=document.digest,
        left_behind=await _discard_returned(place, draft),
    )


async def give_up(place: Workplace, words: str, *, person: str) -> GivenUp:
    """End the editing without taking anything back: the document stays as it is, and its draft is discarded.

    The draft is forgotten also where it cannot be discarded, so that the review goes on without the outside.
    Raises DraftError where nobody edits the document.
    """
    review = await _review(place, words, person)
    draft = await _open_draft(place, review)
    left_behind = await _try_to_discard(place, draft)

    async def write(connection: Connection) -> None:
        await drafts.forget(connection, draft)
        detail = {"draft": draft.reference}
        if left_behind is not None:
            detail |= {"composer": draft.connection, "left_behind": left_behind}
        await _tell(place, connection, review, "draft discarded", person, detail)

    await in_transaction(place.pool, write)
    return GivenUp(communication_id=review.communication_id, left_behind=left_behind)


# ---------------------------------------------------------------- who may edit what


async def _review(place: Workplace, words: str, person: str) -> Review:
    """Return the open review of a communication that this person may act in. Raises DraftError."""
    async with reading(place.pool) as connection:
        found = await communications.find(connection, words)
        review = await reviews.of_communication(connection, found[0].communication_id) if len(found) == 1 else None
    if review is None or review.decision is not None or found[0].state != State.IN_REVIEW:
        raise DraftError(f"{words!r} does not wait for a verdict; `xconnector review list` shows what does")
    refusal = why_not(place.project.people, person, review.role)
    if refusal is not None:
        raise DraftError(refusal)
    return review


async def _draft_of(place: Workplace, communication_id: UUID) -> KeptDraft | None:
    async with reading(place.pool) as connection:
        return await drafts.of_communication(connection, communication_id)


def _is_open(draft: KeptDraft, review: Review) -> bool:
    return draft.returned_at is None and draft.document_sha256 == review.document_sha256


async def _open_draft(place: Workplace, review: Review) -> KeptDraft:
    draft = await _draft_of(place, review.communication_id)
    if draft is None or not _is_open(draft, review):
        raise DraftError("nobody edits it; `xconnector review edit` opens a draft")
    return draft


def _own(draft: KeptDraft, person: str) -> KeptDraft:
    if draft.opened_by != person:
        raise DraftError(
            f"{draft.opened_by} edits it since {draft.opened_at:%Y-%m-%d %H:%M} UTC; `xconnector review return` brings "
            "the edited document back"
        )
    return draft


# ---------------------------------------------------------------- the composer


async def _order(place: Workplace, review: Review) -> tuple[Standing, Order]:
    """Return what the document was made of: the draft is made of the same."""
    async with reading(place.pool) as connection:
        standings = await communications.in_state(connection, review.batch_id, State.IN_REVIEW)
        contents = await communications.contents(connection, [review.communication_id])
    standing = next((row for row in standings if row.communication_id == review.communication_id), None)
    if standing is None or standing.name not in place.project.communications:
        raise DraftError("it does not wait for a verdict any more, or the project does not have its kind any more")
    kinds = await kinds_for(place, standing.plan)
    order = order_of(standing, template_of(place, standing), kinds, contents[review.communication_id])
    return standing, order


async def _finished(place: Workplace, draft: KeptDraft, order: Order) -> Composition:
    try:
        return await _call(place, draft.connection, lambda desk: desk.finish(draft.reference, order))
    except TimeoutError:
        raise OutcomeUnknownError(
            f"{draft.connection} was cut off by its `limits.timeout`: where making the document may also send it, find "
            "out what became of it before you take it back again"
        ) from None


async def _harmless(place: Workplace, name: str, call: Callable[[EditsDrafts], Awaitable[T]]) -> T:
    """Make a call that may simply be made again. Raises DraftError or one of the four contract errors."""
    try:
        return await _call(place, name, call)
    except TimeoutError:
        raise DraftError(f"{name} was cut off by its `limits.timeout`: try again, or raise it") from None


async def _call(place: Workplace, name: str, call: Callable[[EditsDrafts], Awaitable[T]]) -> T:
    desk = await place.connections.composer(name)
    if not isinstance(desk, EditsDrafts):
        raise DraftError(f"documents of the connection {name!r} cannot be edited: its connector keeps no drafts")
    try:
        return await place.connections.limited(name).call(lambda: call(desk), is_outage=is_outage)
    except NotNowError as error:
        raise DraftError(f"nothing was asked of {name}: {error} Try again in a while") from None


async def _keep(place: Workplace, standing: Standing, composition: Composition) -> list[Composed]:
    return await composed.keep(place, [(standing, composition)])


async def _discard(place: Workplace, draft: KeptDraft) -> None:
    """Discard a draft that nobody edits any more. Raises DraftError or one of the four contract errors."""
    await _harmless(place, draft.connection, lambda desk: desk.discard(draft.reference))
    await in_transaction(place.pool, lambda connection: drafts.forget(connection, draft))


async def _discard_returned(place: Workplace, draft: KeptDraft) -> str | None:
    """Discard a draft whose documents are recorded; where that fails, say why, and leave it to the next edit."""
    left_behind = await _try_to_discard(place, draft)
    if left_behind is None:
        await in_transaction(place.pool, lambda connection: drafts.forget(connection, draft))
    return left_behind


async def _try_to_discard(place: Workplace, draft: KeptDraft) -> str | None:
    """Discard a draft outside; where that fails, say why."""
    try:
        await _harmless(place, draft.connection, lambda desk: desk.discard(draft.reference))
    except (ConnectorError, DraftError) as error:
        return str(error)
    return None


# ---------------------------------------------------------------- what is remembered


def _kept(place: Workplace, review: Review, connection: str, draft: Draft, person: str) -> KeptDraft:
    return KeptDraft(
        communication_id=review.communication_id,
        connection=connection,
        reference=draft.reference,
        link=draft.link,
        document_sha256=review.document_sha256,
        opened_by=person,
        opened_at=place.now(),
    )


async def _record_opening(place: Workplace, connection: Connection, draft: KeptDraft, review: Review) -> bool:
    """Say that the document is being edited; False when its review changed meanwhile."""
    if not await _still_waits(connection, draft):
        return False
    if not await drafts.remember(connection, draft):
        return False
    detail = {"draft": draft.reference, "document": draft.document_sha256, "composer": draft.connection}
    await _tell(place, connection, review, "draft opened", draft.opened_by, detail)
    return True


async def _record_return(
    place: Workplace, connection: Connection, draft: KeptDraft, document: Composed, person: str
) -> bool:
    """Put the new document in the place of the old one; False when that is not to be any more."""
    now, standing = place.now(), document.standing
    if not await _still_waits(connection, draft) or not await _still_open(connection, draft):
        return False
    digests = [(standing.communication_id, document.digest)]
    if not await communications.move_composed(
        connection, digests, origin=State.IN_REVIEW, target=State.IN_REVIEW, now=now
    ):
        return False
    await drafts.mark_returned(connection, draft, now)
    await documents.remember(connection, document.renditions)
    asked = [(standing.communication_id, standing.review_role or "", document.digest)]
    await reviews.request(connection, asked, now)
    entry = ledger.Entry(
        at=now,
        batch_id=standing.batch_id,
        communication_id=standing.communication_id,
        event="draft returned",
        actor=person,
        detail={
            "draft": draft.reference,
            "edited_by": draft.opened_by,
            "was": draft.document_sha256,
            "document": document.digest,
            "engine": document.renditions[0].engine,
            "renditions": {rendition.kind.value: rendition.sha256 for rendition in document.renditions},
            **document.detail,
        },
    )
    await ledger.append(connection, [entry])
    return True


async def _still_waits(connection: Connection, draft: KeptDraft) -> bool:
    """Say whether the document of which the draft was made still waits for a verdict; it then stays so."""
    await drafts.lock(connection, draft.communication_id)
    review = await reviews.of_communication(connection, draft.communication_id)
    if review is None or review.decision is not None or review.document_sha256 != draft.document_sha256:
        return False
    return draft.communication_id in await communications.ids_in_state(connection, review.batch_id, State.IN_REVIEW)


async def _still_open(connection: Connection, draft: KeptDraft) -> bool:
    known = await drafts.of_communication(connection, draft.communication_id)
    return known is not None and known.reference == draft.reference and known.returned_at is None


async def _tell(
    place: Workplace, connection: Connection, review: Review, event: str, person: str, detail: dict[str, str]
) -> None:
    entry = ledger.Entry(
        at=place.now(),
        batch_id=review.batch_id,
        communication_id=review.communication_id,
        event=event,
        actor=person,
        detail=detail,
    )
    await ledger.append(connection, [entry])
