"""A person's word on a customer's field, and why a golden value is what it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.pipeline.checked_office import approve, bring_to_review, write_checks
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.operations.customer_standing import UnknownCustomerError
from xconnector.operations.customer_why import Moments, customer_why
from xconnector.operations.overrides import Objection, OverrideError, override
from xconnector.operations.same_customer import Word, merge
from xconnector.postgres.connect import Pool, transaction
from xconnector.project.customer_fields import CustomerFields
from xconnector.store import customers

pytestmark = pytest.mark.asyncio(loop_scope="session")
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
FIELDS = CustomerFields(own=frozenset({"loyalty"}), kinds=frozenset({"invoice"}))
ADDRESS = {"address_lines": ["Rue 2"], "postcode": "75001", "city": "Paris", "country": "FR"}


async def _know(pool: Pool, key: str = "K1", source: str = "crm", days: int = 0, **fields: object) -> None:
    at = NOW + timedelta(days=days)
    record = CustomerRecord(customer_key=key, source=source, as_of=at, fields=fields)
    async with transaction(pool) as connection:
        await customers.remember(connection, [record], at)


def _said(name: str = "email", value: object = "right@x.test", key: str = "K1", **more: Any) -> Objection:  # noqa: ANN401 - the rest of what is said
    said: dict[str, Any] = {"customer_key": key, "name": name, "value": value, "reason": "phone", "by": "ann", **more}
    return Objection(**said)


async def _golden(pool: Pool, key: str = "K1", days: int = 1, known_at: datetime | None = None) -> dict[str, Any]:
    at = NOW + timedelta(days=days)
    async with transaction(pool) as connection:
        return dict(
            (await customers.golden_records(connection, [key], MOST_RECENT, at=at, known_at=known_at))[key].fields
        )


async def test_what_a_person_says_counts_until_it_ends_or_is_revoked(pool: Pool) -> None:
    await _know(pool, email="wrong@x.test", mobile="+491", city="Bonn")
    await override(pool, _said(until=NOW + timedelta(days=2)), FIELDS, now=NOW)
    await override(pool, _said("mobile", None), FIELDS, now=NOW)
    await override(pool, _said("address", ADDRESS), FIELDS, now=NOW)

    assert await _golden(pool) == {"email": "right@x.test", **ADDRESS}
    assert await _golden(pool, days=2) == {"email": "wrong@x.test", **ADDRESS}
    await override(pool, _said("address", None, revokes=True), FIELDS, now=NOW + timedelta(hours=1))
    assert await _golden(pool) == {"email": "right@x.test", "city": "Bonn"}
    assert await _golden(pool, known_at=NOW) == {"email": "right@x.test", **ADDRESS}


async def test_what_was_revoked_of_one_member_ends_nothing_that_was_said_of_another(pool: Pool) -> None:
    await _know(pool, "A", email="a@x.test")
    await _know(pool, "B", source="billing", email="b@x.test")
    await override(pool, _said(key="A"), FIELDS, now=NOW)
    await override(pool, _said(key="B", value="other@x.test"), FIELDS, now=NOW + timedelta(minutes=1))
    await override(pool, _said(key="B", value=None, revokes=True), FIELDS, now=NOW + timedelta(minutes=2))
    await merge(pool, Word(one="A", other="B", by="ann", reason="same person"))
    merged = await _golden(pool, "A")
    await override(pool, _said(key="B", value=None, revokes=True), FIELDS, now=NOW + timedelta(minutes=3))

    assert merged["email"] == "right@x.test"
    assert (await _golden(pool, "B"))["email"] != "right@x.test"


async def test_what_is_said_of_a_member_is_said_of_the_customer(pool: Pool) -> None:
    await _know(pool, "A", email="a@x.test")
    await _know(pool, "B", "billing", mobile="+491")
    await override(pool, _said(key="B"), FIELDS, now=NOW)
    await merge(pool, Word(one="A", other="B", by="ann", reason="same person"))

    assert await _golden(pool, "A") == {"email": "right@x.test", "mobile": "+491"}


@pytest.mark.parametrize(
    "odd, told",
    [
        ({"name": "city"}, "the parts of an address stand together"),
        ({"name": "address", "value": "Hof 1"}, "an address is a JSON object of"),
        ({"name": "address", "value": {"street": "Hof 1"}}, "an address is a JSON object of"),
        ({"name": "address", "value": {"address_lines": "Hof 1"}}, "an address is a JSON object of"),
        ({"name": "address", "value": {"city": "Bonn", "country": "Atlantis"}}, "country must be a country's code"),
        ({"name": "emial"}, "there is no field 'emial': did you mean 'email'\\? Or add it to `customers: fields:`"),
        ({"name": "shoe size"}, "there is no field 'shoe size': use one of: address, address_lines, .*birth_date"),
        ({"name": "preference.invoise"}, "did you mean 'preference.invoice'"),
        ({"value": "anna at x.test"}, "email must be an e-mail address such as"),
        ({"name": "birth_date", "value": "31.12.1990"}, "birth_date must be a day such as 1990-12-31"),
        ({"name": "birth_date", "value": "2990-12-31"}, "birth_date must be a day of the last 150 years"),
        ({"name": "mobile", "value": "0151 23456789"}, "mobile must be a telephone number with its country in front"),
        ({"name": "quiet_hours", "value": "at night"}, "quiet_hours must be two times"),
        ({"name": "portal_account", "value": "perhaps"}, "portal_account must be yes or no"),
        ({"name": "language", "value": "deutsch"}, "language must be a language's code"),
        ({"name": "last_name", "value": "a\0b"}, "last_name must have at most"),
        ({"name": "email_consent", "value": "true"}, "a consent is the customer's word"),
        ({"reason": " "}, "customer, field, reason and who says it must be named"),
        ({"by": "a\0n"}, "customer, field, reason and who says it must be named"),
        ({"until": NOW}, "it would have ended already"),
        ({"customer_key": "K9"}, "no source ever spoke of this customer"),
        ({"value": None, "revokes": True}, "this field is not overridden"),
    ],
)
async def test_what_cannot_be_said_is_refused_without_its_value(pool: Pool, odd: dict[str, Any], told: str) -> None:
    await _know(pool, email="a@x.test")

    with pytest.raises(OverrideError, match=told) as refused:
        await override(pool, _said(**odd), FIELDS, now=NOW)
    assert "right@x.test" not in str(refused.value)
    assert await _golden(pool) == {"email": "a@x.test"}


@pytest.mark.parametrize(
    "name, value, kept",
    [
        ("mobile", "+49 (151) 23456789", "+4915123456789"),
        ("email", " anna@ACME.DE ", "anna@acme.de"),
        ("language", "DE", "de"),
        ("portal_account", "no", False),
        ("last_name", "true", "true"),
        ("preference.invoice", "email", "email"),
        ("loyalty", "gold", "gold"),
    ],
)
async def test_what_a_person_types_is_kept_in_the_one_form_of_its_field(
    pool: Pool, name: str, value: str, kept: object
) -> None:
    await _know(pool, city="Bonn")
    await override(pool, _said(name, value), FIELDS, now=NOW)

    assert (await _golden(pool))[name] == kept


async def test_what_was_said_is_never_rewritten(pool: Pool) -> None:
    await _know(pool, email="a@x.test")
    await override(pool, _said(), FIELDS, now=NOW)

    with pytest.raises(psycopg.Error, match="customer_override"):
        async with transaction(pool) as connection:
            await connection.execute("UPDATE customer_override SET reason = 'other'")


async def test_why_follows_what_held_and_what_was_known_then(pool: Pool) -> None:
    await _know(pool, email="old@x.test", days=0)
    await _know(pool, email="new@x.test", days=5)
    await _know(pool, source="billing", email="late@x.test", days=3)
    await override(pool, _said(), FIELDS, now=NOW + timedelta(days=7))

    async def why(*, valid: int | None = None, known: int | None = None) -> tuple[object, list[str]]:
        held, knew = (None if days is None else NOW + timedelta(days=days, hours=1) for days in (valid, known))
        moments = Moments(at=held or knew or NOW + timedelta(days=9), valid_at=held, known_at=knew)
        found = await customer_why(pool, "K1", "email", MOST_RECENT, moments)
        return found.value, [one.source for one in found.losers]

    assert await why() == ("right@x.test", ["billing", "crm"])
    assert await why(known=6) == ("new@x.test", ["billing"])
    assert await why(known=3) == ("late@x.test", ["crm"])
    assert await why(valid=1) == ("old@x.test", [])
    with pytest.raises(UnknownCustomerError):
        await why(known=-1)


async def test_a_word_that_came_after_the_decision_counts_before_anything_leaves(
    tmp_path: Path, office: OpenOffice
) -> None:
    write_checks(tmp_path, checks="{}")
    async with office() as opened:
        await bring_to_review(opened, preference="email")
        await override(opened.place.pool, _said("preference", "print", key="K-1"), FIELDS, now=opened.place.now())
        await approve(opened)
        await opened.work()
        found = await opened.explain("1")

    assert [handover.connection for handover in found.handovers] == ["print"]
