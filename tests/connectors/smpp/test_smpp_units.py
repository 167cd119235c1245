"""Whatever comes over the line is read as something, or refused by name."""

from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from xconnector.connectors.smpp.parts import parts_of, text_of
from xconnector.connectors.smpp.pdu import Party, Sms
from xconnector.connectors.smpp.receipt import is_receipt, read_receipt
from xconnector.connectors.smpp.settings import Alphabet, SmppSettings
from xconnector.domain.gsm_alphabet import BASIC, EXTENDED

ASCII = st.text(alphabet=[chr(code) for code in range(33, 127)], max_size=20)
PARTIES = st.builds(Party, number=ASCII, ton=st.integers(0, 255), npi=st.integers(0, 255))
MESSAGES = st.builds(
    Sms,
    source=PARTIES,
    destination=PARTIES,
    esm_class=st.integers(0, 255),
    data_coding=st.integers(0, 255),
    text=st.binary(max_size=255),
    registered_delivery=st.integers(0, 255),
    validity=ASCII,
    parameters=st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=80), max_size=4),
)
RECEIPTS = st.from_regex(r"\Aid:\w+ .{0,30}done date:\d{8,15} stat:\w{0,12} err:\w{0,5}.{0,20}\Z")
TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=500)


@given(MESSAGES)
def test_what_is_written_is_read_back(message: Sms) -> None:
    assert Sms.read(message.octets()) == message


@given(st.binary(max_size=300))
def test_bytes_are_a_message_or_a_value_error(octets: bytes) -> None:
    try:
        message = Sms.read(octets)
    except ValueError:
        return
    is_receipt(message)


@given(MESSAGES, st.binary(max_size=250) | RECEIPTS.map(str.encode))
def test_a_receipt_is_read_or_names_no_message(message: Sms, text: bytes) -> None:
    told = Sms(
        source=message.source,
        destination=message.destination,
        esm_class=4,
        data_coding=0,
        text=text,
        parameters=message.parameters,
    )
    try:
        receipt = read_receipt(told, zone=ZoneInfo("Europe/Berlin"))
    except ValueError:
        return
    assert receipt.message_id


@given(TEXTS | st.text(alphabet=[*BASIC, *EXTENDED], min_size=1, max_size=500), st.sampled_from(Alphabet))
def test_parts_spell_the_text_and_fit_into_a_message(text: str, alphabet: Alphabet) -> None:
    settings = SmppSettings.model_validate(
        {"host": "::1", "system_id": "x", "password": "x", "tls": False, "sender": "1234", "alphabet": alphabet}
    )
    parts = parts_of(text, settings, reference=7)

    # 153 septets and a header of 6 octets, or 67 units of two octets and the header
    assert all(len(part.octets) <= (160 if part.data_coding == 0 else 140) for part in parts)
    assert text == "".join(
        text_of(part.octets, data_coding=part.data_coding, has_header=part.esm_class == 0x40, alphabet=alphabet)
        for part in parts
    )
