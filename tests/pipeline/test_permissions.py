"""What customers say and what comes back decides, by the tables that travel with the product, how the next one goes."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest

from tests.office import Office, edit, notice, write_office_project
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.domain.consent import ALL, PROMOTIONAL, ConsentAction, ConsentBasis, ConsentEvent
from xconnector.domain.routing.plan import Medium
from xconnector.operations.consents import allow, record_consent

pytestmark = pytest.mark.asyncio(loop_scope="session")
TABLES = ("suppression", "withdrawal", "consent_eu")
CHECKS = "checks: {suppression: suppression, withdrawal: withdrawal, consent: consent_eu, default: print}\nfeeds:"


@pytest.fixture(autouse=True)
def checked(tmp_path: Path) -> None:
    """The small project, with checks."""
    write_office_project(tmp_path)
    edit(tmp_path, "xconnector.yaml", "feeds:", CHECKS)
    edit(tmp_path, "xconnector.yaml", "{name: Small Insurer,", "{name: Small Insurer, country: DE,")
    for name in TABLES:
        text = files("xconnector").joinpath("regulations", f"{name}.md").read_text(encoding="utf-8")
        (tmp_path / "tables" / f"{name}.md").write_text(text, encoding="utf-8")


async def _say(opened: Office, action: ConsentAction, scope: str) -> None:
    now = datetime.now(UTC)
    event = ConsentEvent(
        customer_key="K",
        medium=Medium.EMAIL,
        scope=scope,
        action=action,
        occurred_at=now,
        recorded_at=now,
        source="test",
        actor="ann",
        basis=ConsentBasis.EXPRESS if action is ConsentAction.GRANT else None,
    )
    await record_consent(opened.place.pool, event, categories=["contract"])


async def _plan(opened: Office, key: str, email: str = "a@x.test") -> list[str]:
    """Send a notice and return by which connections it went."""
    await opened.send(notice(key, customer="K", email=email))
    await opened.work_until((key, State.COMPLETED))
    return [handover.connection for handover in (await opened.explain(key)).handovers]


async def test_after_a_bounce_the_next_notice_is_printed_until_the_customer_has_another_address(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        await opened.send(notice("1", customer="K", email="bounce-1@x.test"))

        async def is_printed() -> bool:
            return len(opened.printed()) == 1 and await opened.is_through()

        async with opened.at_work():
            await opened.until(is_printed)
        second = await _plan(opened, "2", "bounce-1@x.test")
        third = await _plan(opened, "3", "better@x.test")
        account = await opened.account()

    assert (second, third) == (["print"], ["email"])
    assert opened.mails_to("bounce-1@x.test") == 1
    assert account.closes


async def test_who_takes_back_mail_gets_letters_and_who_takes_back_advertising_gets_mail(office: OpenOffice) -> None:
    async with office() as opened:
        before = await _plan(opened, "1")
        await _say(opened, ConsentAction.WITHDRAW, PROMOTIONAL)
        no_advertising = await _plan(opened, "2")
        await _say(opened, ConsentAction.WITHDRAW, ALL)
        no_mail = await _plan(opened, "3")
        await allow(opened.place.pool, "K", Medium.EMAIL, None, actor="ann", note=None)
        still_none = await _plan(opened, "4")
        await _say(opened, ConsentAction.GRANT, "contract")
        again = await _plan(opened, "5")

    assert (before, no_advertising, again) == (["email"], ["email"], ["email"])
    assert (no_mail, still_none) == (["print"], ["print"])
