from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from xconnector.connectors.exstream.driver.refusal import RefusedError
from xconnector.connectors.exstream.driver.value import Value, text_of
from xconnector.domain.strict_json import Json


def written(value: Json, **settings: object) -> str:
    data: Json = {"value": value}
    return text_of(Value.model_validate({"path": "value", **settings}))(data, data)


@pytest.mark.parametrize(
    "value, text",
    [
        (None, ""),
        (True, "true"),
        (7, "7"),
        (50000.0, "50000"),
        (1.5, "1.5"),
        (1e21, "1" + "0" * 21),
        (1e-7, "0.0000001"),
    ],
)
def test_a_single_value_is_written_plainly(value: Json, text: str) -> None:
    assert written(value) == text


@pytest.mark.parametrize("value", [{"value": 1}, [1], float("nan"), float("inf")])
def test_what_is_no_single_value_is_refused(value: Json) -> None:
    with pytest.raises(RefusedError, match=r"^value is "):
        written(value)


@given(st.dates())
def test_dates_are_written_by_their_pattern(day: date) -> None:
    assert written(day.isoformat(), date="DD.MM.YYYY") == f"{day.day:02}.{day.month:02}.{day.year:04}"
    assert written(day.isoformat(), date="YYDDD") == f"{day.year % 100:02}{day.timetuple().tm_yday:03}"


@pytest.mark.parametrize("pattern, text", [("% YY/MM%", "% 26/12%"), ("YYYY", "2026"), ("DDD.YY", "365.26")])
def test_a_pattern_may_have_any_sign_between_its_parts(pattern: str, text: str) -> None:
    assert written("2026-12-31", date=pattern) == text
    assert written("2026-W53-4", date=pattern) == text
    assert written("20261231", date=pattern) == text


@given(st.datetimes())
def test_times_are_written_by_their_pattern(moment: datetime) -> None:
    assert written(moment.isoformat(), date="YYYY-MM-DDThh:mm:ss") == moment.replace(microsecond=0).isoformat()


@pytest.mark.parametrize("value", ["secret", "31.12.2026", 31122026, "2026-02-30"])
def test_what_is_no_date_is_refused_without_being_told(value: Json) -> None:
    with pytest.raises(RefusedError) as refused:
        written(value, date="YYYYMMDD")
    assert str(refused.value) == "value is no date or time such as 2026-12-31"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**9), max_value=10**9))
def test_numbers_are_rounded_or_refused(number: Decimal) -> None:
    rounded = number.quantize(Decimal("0.01"), "ROUND_HALF_UP")
    assert Decimal(written(str(number), decimals=2, rounding="half_up")) == rounded
    if rounded == number:
        assert written(str(number), decimals=2, decimal_sign=",") == f"{number or abs(number):.2f}".replace(".", ",")
    else:
        with pytest.raises(RefusedError, match="more than 2 decimal places"):
            written(str(number), decimals=2)


@pytest.mark.parametrize("value", ["secret", "", True, "NaN", "1e999999", [1], {"value": 1}])
def test_what_is_no_number_is_refused_without_being_told(value: Json) -> None:
    if value == "":
        assert written(value, decimals=2) == ""
        return
    with pytest.raises(RefusedError, match=r"^value is (no|too large a|a) ") as refused:
        written(value, decimals=2)
    assert "secret" not in str(refused.value)


def test_words_stand_for_values() -> None:
    assert [written(value, words={"true": "Y", "false": "N"}) for value in (True, False)] == ["Y", "N"]
    with pytest.raises(RefusedError, match="value has a value for which `words` has no word"):
        written("other", words={"true": "Y"})


@pytest.mark.parametrize("value", [None, "", []])
def test_what_is_required_is_there(value: Json) -> None:
    with pytest.raises(RefusedError, match="value is missing, and the driver requires it"):
        written(value, required=True)


@pytest.mark.parametrize(
    "settings, said",
    [
        ({"path": "a["}, "expected a name|this \\[ has no \\]"),
        ({"date": "yyyymmdd"}, "write a pattern of YYYY"),
        ({"date": ""}, "write a pattern of YYYY"),
        ({"date": "YYYY", "decimals": 2}, "by one of `date`, `decimals` and `words`"),
        ({"decimal_sign": ","}, "go with `decimals`"),
    ],
)
def test_a_wrong_format_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Value.model_validate({"path": "value", **settings})
