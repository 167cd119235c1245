"""Envelopes are written and read; whoever answers with something else is refused before it costs anything."""

from contextlib import suppress
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from xconnector.connectors.exstream.soap import (
    SOAP,
    Fault,
    UnreadableXmlError,
    XmlElement,
    child,
    child_text,
    local_name,
    namespace,
    read_envelope,
    read_xml,
    write_envelope,
)

_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]))
_ANSWER = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>%s</s:Body></s:Envelope>'


def _read(inside: str) -> XmlElement:
    element = read_envelope((_ANSWER % inside).encode())
    assert not isinstance(element, Fault)
    return element


def _fault(inside: str) -> Fault:
    fault = read_envelope((_ANSWER % f"<s:Fault>{inside}</s:Fault>").encode())
    assert isinstance(fault, Fault)
    return fault


@given(_TEXTS)
def test_what_is_written_is_read_again(text: str) -> None:
    body = etree.Element("{urn:any}call")
    etree.SubElement(body, "word").text = text

    element = read_envelope(write_envelope(body))

    assert not isinstance(element, Fault)
    assert (local_name(element), namespace(element)) == ("call", "urn:any")
    word = child(element, "word")
    assert word is not None
    assert (word.text or "") == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "us-ascii"])
def test_an_answer_may_be_written_in_several_encodings(encoding: str) -> None:
    text = "Müller" if encoding != "us-ascii" else "Muller"
    answer = f'<?xml version="1.0" encoding="{encoding}"?>' + _ANSWER % f"<r><n>{text}</n></r>"

    element = read_envelope(answer.encode(encoding))

    assert not isinstance(element, Fault)
    assert child_text(element, "n") == text


@pytest.mark.parametrize(
    "hostile",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        '<?xml version="1.0"?>\n<!-- before --><!DOCTYPE a><a/>',
        '<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1/"?><a/>',
        '<?xml version="1.0" encoding="utf-7"?><a/>',
        '<?xml version="1.0" encoding="ebcdic-cp-us"?><a/>',
        "<html lang=en>",
        "",
        "no XML at all",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_what_is_no_plain_answer_is_refused(hostile: str, encoding: str) -> None:
    if encoding == "utf-16" and "encoding=" in hostile:
        # There the mark counts, and whatever the declaration says is left alone.
        return

    with pytest.raises(UnreadableXmlError):
        read_xml(hostile.encode(encoding))


def test_elements_without_end_are_refused() -> None:
    with pytest.raises(UnreadableXmlError):
        read_xml(b"<a>" * 100_000)
    with pytest.raises(UnreadableXmlError, match="more or deeper"):
        read_xml(b"<a>" * 100 + b"</a>" * 100)
    with pytest.raises(UnreadableXmlError, match="more or deeper"):
        read_xml(b"<a>" + b"<b/>" * 200_000 + b"</a>")


def test_what_was_cut_off_may_be_whole_another_time() -> None:
    whole = (_ANSWER % "<r/>").encode()

    with pytest.raises(UnreadableXmlError) as cut:
        read_envelope(whole[:-5])

    assert cut.value.is_cut_off


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with suppress(UnreadableXmlError):
        read_envelope(content)


def test_a_long_text_is_no_reason_to_refuse() -> None:
    element = _read(f"<r><n>{'A' * 12_000_000}</n></r>")

    assert len(child_text(element, "n")) == 12_000_000


def test_a_fault_tells_code_and_detail_by_name() -> None:
    fault = _fault(
        "<faultcode>s:Server</faultcode><faultstring>It broke for Jördis</faultstring>"
        '<detail><n:EngineServiceException xmlns:n="urn:x"><message>more</message></n:EngineServiceException></detail>'
    )

    assert (fault.code, fault.code_namespace, fault.detail) == ("Server", SOAP, "EngineServiceException")
    assert fault.text == "It broke for Jördis more"


def test_a_fault_does_not_show_what_it_says() -> None:
    assert "Jördis" not in repr(_fault("<faultcode>s:Server</faultcode><faultstring>Jördis</faultstring>"))


@given(_TEXTS)
def test_a_fault_may_say_anything(text: str) -> None:
    fault = _fault(f"<faultcode>{escape(text)}</faultcode><faultstring>{escape(text)}</faultstring><detail/>")

    assert fault.detail is None


@pytest.mark.parametrize("inside", ["", '<s:Header xmlns:s="urn:other"/>'])
def test_an_envelope_needs_a_body(inside: str) -> None:
    with pytest.raises(UnreadableXmlError):
        read_envelope(f'<s:Envelope xmlns:s="{SOAP}">{inside}</s:Envelope>'.encode())
