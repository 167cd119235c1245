import codecs
from typing import get_args

import pytest

from xconnector.connectors.exstream.driver.charset import (
    AsciiEncoding,
    EbcdicEncoding,
    Encoding,
    UnicodeEncoding,
    charset,
)

ONE_BYTE = (*get_args(AsciiEncoding), *get_args(EbcdicEncoding))


@pytest.mark.parametrize("name", ONE_BYTE)
def test_one_byte_is_one_character(name: Encoding) -> None:
    assert charset(name).has_one_byte_characters
    assert len(charset(name).encode("Ab 09 -")) == 7


@pytest.mark.parametrize("name", get_args(UnicodeEncoding))
def test_unicode_has_every_character(name: Encoding) -> None:
    used = charset(name)
    assert used.has("ä€😀")
    assert (used.mark + used.encode("ä€😀")).decode("utf-8-sig" if "8" in name else "utf-16") == "ä€😀"


@pytest.mark.parametrize("name", [*get_args(AsciiEncoding), "cp037", "cp273", "cp500", "cp1140"])
def test_what_python_knows_is_encoded_alike(name: Encoding) -> None:
    assert charset(name).encode("Police 4711") == "Police 4711".encode(codecs.lookup(name).name)


@pytest.mark.parametrize(
    "name, text, encoded",
    [
        ("cp1141", "€ÄÖÜß", "9f4ae05aa1"),
        ("cp1148", "€[]", "9f4a5a"),
        ("cp1047", "[]^¬Ý¨", "adbd5fb0babb"),
        ("cp1140", "€", "9f"),
        ("cp273", "äöü", "c06ad0"),
    ],
)
def test_code_pages_of_mainframes_are_as_ibm_lists_them(name: Encoding, text: str, encoded: str) -> None:
    assert charset(name).encode(text).hex() == encoded


@pytest.mark.parametrize("name", ["cp273", "cp500", "cp037", "iso-8859-1"])
def test_the_euro_sign_is_lacking_where_it_is_younger_than_the_code_page(name: Encoding) -> None:
    assert not charset(name).has("€")
