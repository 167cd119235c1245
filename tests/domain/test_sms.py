import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.sms import SmsEncoding, SmsLength, sms_length, with_plain_punctuation

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


def vectors() -> list[dict[str, Any]]:
    return json.loads(VECTORS.read_text("utf-8")) if VECTORS.exists() else []


@pytest.mark.skipif(not VECTORS.exists(), reason="needs ../shared/vectors/sms_segments")
def test_published_examples_are_counted_alike() -> None:
    for vector in vectors():
        length = sms_length(vector["body"])
        assert (length.encoding, length.segments) == (vector["encoding"].lower(), vector["segments"]), vector
