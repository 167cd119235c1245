"""Signed references to a dispatch."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.reference_token import TOKEN_LENGTH, Purpose, dispatch_key_in, sign, verified

SECRET = b"a secret of some length"
KEY = "01970000-0000-7000-8000-000000000001-0"


def dispatch_key(communication: UUID, hop: int, repeat: int) -> str:
    return f"{communication}-{hop}" + (f"-r{repeat}" if repeat else "")


def dispatch_keys() -> st.SearchStrategy[str]:
    return st.builds(dispatch_key, st.uuids(), st.integers(0, 255), st.integers(0, 65535))


@given(dispatch_keys(), st.sampled_from(Purpose), st.binary(min_size=1))
def test_a_token_names_its_dispatch_in_any_case(key: str, purpose: Purpose, secret: bytes) -> None:
    token = sign(key, purpose, secret)

    assert verified(token, purpose, secret) == verified(token.upper(), purpose, secret) == key


@given(dispatch_keys())
def test_a_token_has_always_the_same_length_and_shows_no_identity(key: str) -> None:
    token = sign(key, Purpose.RETURN, SECRET)

    assert len(token) == TOKEN_LENGTH
    assert UUID(key[:36]).hex not in token


@given(dispatch_keys(), st.integers(0, TOKEN_LENGTH - 1), st.sampled_from("abcdefghijklmnopqrstuvwxyz234567"))
def test_a_token_with_one_letter_changed_names_nothing(key: str, position: int, letter: str) -> None:
    token = sign(key, Purpose.RETURN, SECRET)
    changed = token[:position] + letter + token[position + 1 :]

    assert verified(changed, Purpose.RETURN, SECRET) == (key if changed == token else None)


@given(st.text(max_size=60))
def test_any_text_is_looked_at_without_an_error(text: str) -> None:
    assert verified(text, Purpose.RETURN, SECRET) is None
    assert dispatch_key_in(text, Purpose.RETURN, SECRET) is None


def test_a_token_of_one_purpose_is_none_of_another() -> None:
    assert verified(sign(KEY, Purpose.RETURN, SECRET), Purpose.UNSUBSCRIBE, SECRET) is None


def test_a_token_under_another_secret_names_nothing() -> None:
    assert verified(sign(KEY, Purpose.RETURN, SECRET), Purpose.RETURN, b"another secret") is None


def test_a_token_is_found_in_an_address_and_in_a_message_id() -> None:
    token = sign(KEY, Purpose.RETURN, SECRET)

    assert dispatch_key_in(f"<b+{token}@bounces.test>", Purpose.RETURN, SECRET) == KEY
    assert dispatch_key_in(f"In-Reply-To: <{token.upper()}@bounces.test>", Purpose.RETURN, SECRET) == KEY


def test_a_forged_token_before_the_true_one_does_not_hide_it() -> None:
    text = f"{'a' * TOKEN_LENGTH}@x {sign(KEY, Purpose.RETURN, SECRET)}@y"

    assert dispatch_key_in(text, Purpose.RETURN, SECRET) == KEY


@pytest.mark.parametrize(
    "key",
    [
        "",
        "K1-0",
        "01970000-0000-7000-8000-000000000001",
        "01970000-0000-7000-8000-000000000001-00",
        "01970000-0000-7000-8000-000000000001-256",
        "01970000-0000-7000-8000-000000000001-0-r0",
        "01970000-0000-7000-8000-000000000001-0-r65536",
        "01970000-0000-7000-8000-000000000001-0\r\nBcc: x@y.test",
    ],
)
def test_a_key_of_another_form_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="a dispatch key"):
        sign(key, Purpose.RETURN, SECRET)
