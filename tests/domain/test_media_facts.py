from tests.domain.consent_words import NOW, grant, withdrawal
from tests.domain.suppression_entries import entry
from xconnector.domain.consent import PROMOTIONAL
from xconnector.domain.customer import Customer
from xconnector.domain.media_facts import facts_of_media
from xconnector.domain.routing.plan import Medium

CUSTOMER = Customer(customer_key="K", fields={"email": "Ann@x.test"}, provenance={})


def test_of_a_customer_who_never_spoke_nothing_is_known() -> None:
    facts = facts_of_media(CUSTOMER, (), (), category="bill", promotional=False, at=NOW, media=Medium)

    assert set(facts) == set(Medium)
    assert facts[Medium.SMS] == {
        "medium": "sms",
        "suppressed": None,
        "consent": "never",
        "consent.basis": None,
        "consent.days": None,
        "consent.shown": False,
    }


def test_each_medium_has_its_own_facts() -> None:
    facts = facts_of_media(
        CUSTOMER,
        [grant("bill", day=4, shown=True), withdrawal(PROMOTIONAL, day=5, medium=Medium.SMS)],
        [entry(address="ann@x.test")],
        category="bill",
        promotional=False,
        at=NOW,
        media=[Medium.EMAIL, Medium.SMS],
    )

    assert facts[Medium.EMAIL] == {
        "medium": "email",
        "suppressed": "address",
        "consent": "given",
        "consent.basis": "express",
        "consent.days": 6,
        "consent.shown": True,
    }
    assert facts[Medium.SMS]["consent"] == "never"
    assert facts[Medium.SMS]["suppressed"] is None


def test_the_golden_records_consent_counts_among_the_others() -> None:
    customer = Customer(customer_key="K", fields={"email": "a@x.test", "email_consent": True}, provenance={})

    facts = facts_of_media(customer, (), (), category="offer", promotional=True, at=NOW, media=[Medium.EMAIL])

    assert (facts[Medium.EMAIL]["consent"], facts[Medium.EMAIL]["consent.basis"]) == ("given", None)


def test_the_next_address_is_free_of_the_old_ones_bounce() -> None:
    facts = facts_of_media(
        CUSTOMER, (), [entry(address="old@x.test")], category="bill", promotional=False, at=NOW, media=[Medium.EMAIL]
    )

    assert facts[Medium.EMAIL]["suppressed"] is None
