"""The small project with checks: notices by e-mail are reviewed, so that something can change before they leave."""

from datetime import UTC, datetime
from pathlib import Path

from tests.office import Office, notice, write_office_project
from xconnector.domain.consent import ConsentAction, ConsentEvent
from xconnector.domain.review import Decision
from xconnector.domain.routing.plan import Medium
from xconnector.domain.suppression import SuppressionAction, SuppressionEvent, SuppressionReason
from xconnector.operations.reviews import decide, waiting_reviews
from xconnector.postgres.connect import transaction
from xconnector.store import consents, decisions, suppressions
from xconnector.store.decisions import DecisionRow

WITHDRAWAL = """\
| row | when medium | when consent | then send | then reason                     | cite              |
|-----|-------------|--------------|-----------|---------------------------------|-------------------|
| W1  | email       | withdrawn    | no        | the customer withdrew a consent | Art. 7 (3) GDPR   |
| W2  | -           | -            | yes       | -                               | house rule        |
"""
SUPPRESSION = """\
| row | when medium | when suppressed | then send | then reason             | cite       |
|-----|-------------|-----------------|-----------|-------------------------|------------|
| S1  | print       | returned_mail   | no        | the letters came back   | house rule |
| S2  | -           | -               | yes       | -                       | house rule |
"""
MUST_SEND = """\
| row | when category | then mandatory | then media | then proof             | then within days | cite  |
|-----|---------------|----------------|------------|------------------------|------------------|-------|
| M1  | -             | yes            | any        | certificate of mailing | 5                | § 1   |
"""
_AS_IT_IS = "| email, print      | -           |"
REVIEWED = (_AS_IT_IS, "| email, print      | compliance  |")
BY_MAIL_ONLY = (_AS_IT_IS, "| email             | compliance  |")
UNREVIEWED = (_AS_IT_IS, _AS_IT_IS)


def write_checks(folder: Path, *, checks: str, route: tuple[str, str] = REVIEWED, **tables: str) -> None:
    """Write the small project with `checks:` and these further tables."""
    write_office_project(folder, {"tables/routing.md": [route]})
    add_checks(folder, checks=checks, **tables)


def add_checks(folder: Path, *, checks: str, **tables: str) -> None:
    """Let a project that is written already have `checks:` and these further tables."""
    with (folder / "xconnector.yaml").open("a", encoding="utf-8") as file:
        file.write(f"checks: {checks}\n")
    for name, text in tables.items():
        (folder / "tables" / f"{name}.md").write_text(text, encoding="utf-8")


async def bring_to_review(opened: Office, *, email: str = "a@x.test", **fields: object) -> None:
    """Send a notice that goes by e-mail where there is an address, and work until somebody has to look at it."""
    await opened.send(notice("1", email=email, **fields))
    await opened.work()


async def approve(opened: Office) -> None:
    """Let the document go that waits."""
    meant = (await opened.explain("1")).found.communication_id
    waiting = await waiting_reviews(opened.place.pool, role=None, limit=10)
    review = next(one for one in waiting if one.communication_id == meant)
    await decide(
        opened.place.pool,
        opened.place.jobs,
        opened.place.project.people,
        communication="1",
        document_sha256=review.document_sha256,
        decision=Decision.APPROVED,
        person="anna",
        reason="seen",
    )


async def withdraw(opened: Office, customer_key: str = "K-1") -> None:
    """Record that the customer wants no e-mail any more."""
    now = datetime.now(UTC)
    event = ConsentEvent(
        customer_key=customer_key,
        medium=Medium.EMAIL,
        scope="all",
        action=ConsentAction.WITHDRAW,
        occurred_at=now,
        recorded_at=now,
        source="desk",
        actor="anna",
    )
    async with transaction(opened.place.pool) as connection:
        await consents.add(connection, [event])


async def decisions_of(opened: Office) -> list[DecisionRow]:
    """Return what was decided of the notice, the first decision first."""
    found = await opened.explain("1")
    async with transaction(opened.place.pool) as connection:
        return await decisions.of_communication(connection, found.found.communication_id)


async def suppress_print(opened: Office, reason: SuppressionReason = SuppressionReason.RETURNED_MAIL) -> None:
    """Record that letters to the customer are not to be written."""
    now = datetime.now(UTC)
    event = SuppressionEvent(
        customer_key="K-1",
        medium=Medium.PRINT,
        action=SuppressionAction.SUPPRESSED,
        reason=reason,
        occurred_at=now,
        recorded_at=now,
        source="desk",
        actor="anna",
    )
    async with transaction(opened.place.pool) as connection:
        await suppressions.add(connection, [event])
