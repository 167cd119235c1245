import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.gsm_alphabet import BASIC, EXTENDED, gsm_octets, gsm_text
from xconnector.domain.sms import SmsEncoding, SmsLength, sms_length, sms_parts, with_plain_punctuation

VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "sms_segments" / "segments.json"


@pytest.mark.parametrize(
    "text, encoding, segments",
    [
        ("", SmsEncoding.GSM_7, 0),
        ("A" * 160, SmsEncoding.GSM_7, 1),
        ("A" * 161, SmsEncoding.GSM_7, 2),
        ("A" * 306, SmsEncoding.GSM_7, 2),
        ("A" * 307, SmsEncoding.GSM_7, 3),
        ("€" * 80, SmsEncoding.GSM_7, 1),
        ("€" * 81, SmsEncoding.GSM_7, 2),
        ("–" * 70, SmsEncoding.UCS_2, 1),
        ("–" * 71, SmsEncoding.UCS_2, 2),
        ("😀" * 35, SmsEncoding.UCS_2, 1),
        ("😀" * 36, SmsEncoding.UCS_2, 2),
    ],
)
def test_the_first_segment_is_longer_than_those_that_share(text: str, encoding: SmsEncoding, segments: int) -> None:
    length = sms_length(text)

    assert (length.encoding, length.segments) == (encoding, segments)


def test_an_escaped_character_is_not_cut_between_segments() -> None:
    # 152 + 2 septets do not fit into 153: the € opens the second segment.
    text = "A" * 152 + "€" + "A" * 151

    assert sms_length(text) == SmsLength(encoding=SmsEncoding.GSM_7, units=305, segments=2)
    assert sms_length(text + "A").segments == 3


def test_a_surrogate_pair_is_not_cut_between_segments() -> None:
    text = "я" * 66 + "😀" + "я" * 65

    assert sms_length(text) == SmsLength(encoding=SmsEncoding.UCS_2, units=133, segments=2)
    assert sms_length(text + "я").segments == 3


def test_one_dash_does_not_turn_a_text_to_ucs_2() -> None:
    assert with_plain_punctuation("Ihr Termin – 9:00 Uhr, „Haus A“…") == 'Ihr Termin - 9:00 Uhr, "Haus A"...'


def test_a_text_that_needs_ucs_2_anyway_keeps_its_punctuation() -> None:
    assert with_plain_punctuation("Встреча – 9:00") == "Встреча – 9:00"


@given(st.text(max_size=600))
def test_a_longer_text_never_costs_less(text: str) -> None:
    assert sms_length(text + "A").segments >= sms_length(text).segments


@given(st.text(max_size=600))
def test_segments_hold_all_units_and_none_is_wasted(text: str) -> None:
    length = sms_length(text)
    single, shared = (160, 153) if length.encoding is SmsEncoding.GSM_7 else (70, 67)

    if length.segments <= 1:
        assert length.units <= single
    else:
        assert length.units <= length.segments * shared
        assert length.units > (length.segments - 1) * (shared - 1)


@given(st.text(max_size=300))
def test_plainer_punctuation_never_costs_more(text: str) -> None:
    assert sms_length(with_plain_punctuation(text)).segments <= max(sms_length(text).segments, 1)


@given(st.text(max_size=600) | st.text(alphabet=[*BASIC, *EXTENDED], max_size=600))
def test_parts_are_the_text_and_each_fits(text: str) -> None:
    cut = sms_parts(text)

    assert "".join(cut.parts) == text
    assert len(cut.parts) == sms_length(text).segments
    shared, single = (153, 160) if cut.encoding is SmsEncoding.GSM_7 else (67, 70)
    for part in cut.parts:
        octets = gsm_octets(part) if cut.encoding is SmsEncoding.GSM_7 else part.encode("utf-16-be", "surrogatepass")
        units = len(octets) if cut.encoding is SmsEncoding.GSM_7 else len(octets) // 2
        assert units <= (single if len(cut.parts) == 1 else shared)


@given(st.text(alphabet=[*BASIC, *EXTENDED], max_size=200))
def test_what_the_gsm_alphabet_spells_is_read_back(text: str) -> None:
    assert gsm_text(gsm_octets(text)) == text


@given(st.binary(max_size=200))
def test_whatever_comes_as_septets_is_read_as_some_text(octets: bytes) -> None:
    assert len(gsm_text(octets)) <= len(octets)


def test_a_text_can_be_cut_for_ucs_2_though_gsm_7_would_do() -> None:
    assert [len(part) for part in sms_parts("A" * 160, encoding=SmsEncoding.UCS_2).parts] == [67, 67, 26]


def vectors() -> list[dict[str, Any]]:
    return json.loads(VECTORS.read_text("utf-8")) if VECTORS.exists() else []


@pytest.mark.skipif(not VECTORS.exists(), reason="needs ../shared/vectors/sms_segments")
def test_published_examples_are_counted_alike() -> None:
    for vector in vectors():
        length = sms_length(vector["body"])
        assert (length.encoding, length.segments) == (vector["encoding"].lower(), vector["segments"]), vector
        assert len(sms_parts(vector["body"]).parts) == vector["segments"], vector
