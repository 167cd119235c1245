"""Envelopes and what travels beside them."""

import re
from contextlib import suppress
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from xconnector.connectors.exstream.engine_service.mtom import Packed, included_id, pack, unpack, xop_include
from xconnector.connectors.exstream.soap import UnreadableXmlError

_IDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="<>"), min_size=1).filter(
    lambda name: name != "envelope@xconnector"
)
_PIECES = st.one_of(
    st.binary(max_size=400), st.lists(st.sampled_from([b"\r\n", b"--", b"x", b"\r", b"\n"])).map(b"".join)
)


@given(_PIECES, st.dictionaries(_IDS, _PIECES, max_size=4))
def test_what_is_packed_is_unpacked(envelope: bytes, attachments: dict[str, bytes]) -> None:
    unpacked = unpack(pack(envelope, attachments))

    assert unpacked.envelope == envelope
    assert unpacked.attachments == attachments


@given(_PIECES, _PIECES)
def test_what_is_packed_is_a_multipart_for_others_too(envelope: bytes, driver: bytes) -> None:
    packed = pack(envelope, {"driver@here": driver})

    head = f"Content-Type: {packed.media_type}\r\nMIME-Version: 1.0\r\n\r\n".encode("ascii")
    message = BytesParser(policy=HTTP).parsebytes(head + packed.content)
    first, second = (cast("EmailMessage", part) for part in message.iter_parts())

    assert message.get_content_type() == "multipart/related"
    assert first.get_content_type() == message.get_param("type") == "application/xop+xml"
    assert str(first["Content-ID"]) == message.get_param("start")
    assert second.get_payload(decode=True) == driver


@given(_PIECES, _PIECES, st.data())
def test_what_was_cut_off_is_told_as_such(envelope: bytes, driver: bytes, data: st.DataObject) -> None:
    packed = pack(envelope, {"driver@here": driver})
    length = data.draw(st.integers(0, len(packed.content) - len("--\r\n") - 1))

    with pytest.raises(UnreadableXmlError):
        unpack(Packed(media_type=packed.media_type, content=packed.content[:length]))


@given(st.binary(max_size=500), st.sampled_from(["multipart/related", 'multipart/related; boundary="b"', "text/xml"]))
def test_any_bytes_are_unpacked_or_refused(content: bytes, media_type: str) -> None:
    with suppress(UnreadableXmlError):
        assert len(unpack(Packed(media_type=media_type, content=content)).envelope) <= len(content)


@given(_IDS)
def test_a_part_is_found_by_the_name_that_the_envelope_tells(name: str) -> None:
    element = etree.Element("fileOutput")
    element.append(xop_include(name))

    assert included_id(element) == name


def test_the_root_is_the_part_that_is_said_to_be_the_start() -> None:
    content = (
        b"preamble\r\n--b\r\nContent-ID: <file>\r\n\r\nPDF\r\n"
        b"--b  \r\ncontent-id: <root>\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--b--\r\nepilogue"
    )

    unpacked = unpack(Packed(media_type='Multipart/Related; boundary=b; start="<root>"', content=content))

    assert unpacked.envelope == b"<a/>"
    assert unpacked.attachments == {"file": b"PDF"}


def test_a_part_may_come_as_base64() -> None:
    content = (
        b"--b\r\n\r\n<a/>\r\n--b\r\nContent-ID: <file>\r\nContent-Transfer-Encoding: BASE64\r\n\r\nUE\r\nRG\r\n--b--"
    )

    assert unpack(Packed(media_type="multipart/related; boundary=b", content=content)).attachments == {"file": b"PDF"}


@pytest.mark.parametrize(
    "content",
    [
        b"--b--",
        b"--bb\r\n\r\n<a/>\r\n--b--",
        b"--b\r\nno head at all\r\n--b--",
        b"--b\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nx\r\n--b--",
        b"--b\r\nContent-Transfer-Encoding: base64\r\n\r\n?\r\n--b--",
        b"--b\r\nX: " + b"x" * 20_000 + b"\r\n\r\n<a/>\r\n--b--",
        b"--b\r\n\r\n\r\n" * 2_001 + b"--b--",
    ],
)
def test_what_is_no_multipart_of_this_kind_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableXmlError):
        unpack(Packed(media_type="multipart/related; boundary=b", content=content))


@pytest.mark.parametrize("boundary", ["", '""', '"' + "b" * 71 + '"', '"b\u00e4"', '"b "'])
def test_a_boundary_that_none_may_be_is_refused(boundary: str) -> None:
    with pytest.raises(UnreadableXmlError, match="boundary"):
        unpack(Packed(media_type=f"multipart/related; boundary={boundary}", content=b"--b--"))


def test_the_same_content_gives_the_same_bytes() -> None:
    assert pack(b"<a/>", {"x": b"1"}) == pack(b"<a/>", {"x": b"1"})
    assert re.search(r'boundary="[0-9a-z-]+"', pack(b"<a/>", {}).media_type)
