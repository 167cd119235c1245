"""Mail addresses as SMTP takes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.contract.mail.address import mailbox


@pytest.mark.parametrize(
    "address, written, needs_utf8",
    [
        ("anna.meyer+police@kunde.test", "anna.meyer+police@kunde.test", False),
        ("o'hara@kunde.test", "o'hara@kunde.test", False),
        ("Anna@Kunde.TEST", "Anna@kunde.test", False),
        ("anna@bücher.test", "anna@xn--bcher-kva.test", False),
        ("anna@straße.test", "anna@xn--strae-oqa.test", False),
        ("jördis@kunde.test", "jördis@kunde.test", True),
        ("anna@localhost", "anna@localhost", False),
    ],
)
def test_an_address_is_written_with_its_domain_in_ascii(address: str, written: str, *, needs_utf8: bool) -> None:
    found = mailbox(address)

    assert (str(found), found.needs_utf8) == (written, needs_utf8)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "@",
        "anna",
        "anna@",
        "@kunde.test",
        "anna@kunde..test",
        "anna@kunde.test.",
        "anna@-kunde.test",
        "anna@[127.0.0.1]",
        "anna..meyer@kunde.test",
        ".anna@kunde.test",
        '"anna meyer"@kunde.test',
        "anna meyer@kunde.test",
        "anna@kunde.test\r\nRCPT TO:<x@y.test>",
        "anna\r\nDATA@kunde.test",
        "anna>@kunde.test",
        "a@b@kunde.test",
        "anna\u2028@kunde.test",
        "a" * 65 + "@kunde.test",
        "anna@" + ".".join(["k" * 60] * 5),
    ],
)
def test_what_cannot_be_written_into_a_command_is_refused_without_being_told(address: str) -> None:
    with pytest.raises(ValueError, match="e-mail address") as told:
        mailbox(address)

    assert len(address) < 2 or address not in str(told.value)


@given(st.text(max_size=80))
def test_whatever_is_accepted_holds_nothing_that_ends_a_command(text: str) -> None:
    try:
        written = str(mailbox(text))
    except ValueError:
        return
    assert not set(written) & set(' <>\r\n\t\0"\\(),:;')
    assert written.isprintable()
