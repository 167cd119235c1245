from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from xconnector.domain.portal_link import PortalLink, PortalLinkError, PortalSecrets

SECRET = "a secret of more than thirty-two characters"
OTHER_SECRET = "another secret of more than thirty-two characters"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

customer_keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=150)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


@given(customer_keys, moments)
def test_what_is_signed_is_read_again_to_the_second(customer_key: str, expires_at: datetime) -> None:
    secrets = PortalSecrets([SECRET])
    read = secrets.read(secrets.sign(PortalLink(customer_key=customer_key, expires_at=expires_at)))
    assert read == PortalLink(customer_key=customer_key, expires_at=expires_at.replace(microsecond=0))


@given(customer_keys, st.data())
def test_a_token_that_was_changed_anywhere_opens_nothing(customer_key: str, data: st.DataObject) -> None:
    secrets = PortalSecrets([SECRET])
    token = secrets.sign(PortalLink(customer_key=customer_key, expires_at=NOON))
    place = data.draw(st.integers(0, len(token) - 1))
    sign = data.draw(st.sampled_from("AaZz09-_.\0é"))
    changed = token[:place] + sign + token[place + 1 :]
    assume(changed != token)
    with pytest.raises(PortalLinkError):
        secrets.read(changed)


@given(st.text(max_size=2000))
def test_anything_else_opens_nothing(text: str) -> None:
    with pytest.raises(PortalLinkError):
        PortalSecrets([SECRET]).read(text)


def test_a_link_of_another_secret_opens_nothing() -> None:
    token = PortalSecrets([OTHER_SECRET]).sign(PortalLink(customer_key="K1", expires_at=NOON))
    with pytest.raises(PortalLinkError):
        PortalSecrets([SECRET]).read(token)


def test_links_of_the_former_secret_stay_good_while_it_is_listed() -> None:
    token = PortalSecrets([OTHER_SECRET]).sign(PortalLink(customer_key="K1", expires_at=NOON))
    assert PortalSecrets([SECRET, OTHER_SECRET]).read(token).customer_key == "K1"


def test_a_link_expires_at_its_time() -> None:
    link = PortalLink(customer_key="K1", expires_at=NOON)
    assert not link.is_expired(NOON - timedelta(seconds=1))
    assert link.is_expired(NOON)


@pytest.mark.parametrize("customer_key", ["", "k" * 1000])
def test_a_customer_key_that_fits_no_address_gets_no_link(customer_key: str) -> None:
    with pytest.raises(ValueError, match="customer key"):
        PortalSecrets([SECRET]).sign(PortalLink(customer_key=customer_key, expires_at=NOON))


@pytest.mark.parametrize("secrets", [[], ["too short"], [SECRET, "too short"]])
def test_a_secret_that_could_be_guessed_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="32 characters"):
        PortalSecrets(secrets)


def test_secrets_are_not_shown() -> None:
    assert SECRET not in repr(PortalSecrets([SECRET]))
