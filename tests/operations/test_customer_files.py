"""What a line of a file of customers may say beside its fields."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xconnector.domain.customer import CustomerRecord
from xconnector.operations.customer_files import CustomerFileError, Origin, open_customer_file, read_customers
from xconnector.project.contact_forms import written_alike

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def _read(folder: Path, line: object) -> CustomerRecord:
    file = folder / "customers.jsonl"
    file.write_bytes(msgspec.json.encode(line))
    (record,) = read_customers(file, source="crm", now=NOW)
    return record


def test_a_source_vouches_for_the_fields_it_names(tmp_path: Path) -> None:
    line = {"customer": "K1", "email": "a@x.test", "city": "Bern"}

    assert _read(tmp_path, line).verified == frozenset()
    assert _read(tmp_path, {**line, "verified": ["email"]}).verified == {"email"}
    assert _read(tmp_path, {**line, "verified": True}).verified == {"email", "city"}


def test_a_deleted_customer_is_one_that_the_source_says_nothing_of(tmp_path: Path) -> None:
    record = _read(tmp_path, {"customer": "K1", "email": "a@x.test", "deleted": True})

    assert record.replaces_all
    assert record.fields == {}
    assert not _read(tmp_path, {"customer": "K1", "deleted": False}).replaces_all


@pytest.mark.parametrize(
    "odd, said",
    [({"deleted": "yes"}, "deleted must be true or false"), ({"verified": "email"}, "verified must be a list of names"),
     ({"customer": "NaN"}, '"customer" names nobody'), ({"customer": " n/a "}, '"customer" names nobody'),
     ({"verified": [1]}, "verified must be a list of names"), ({"as_of": 7}, "as_of must be a time")],
)  # fmt: skip
def test_what_is_odd_is_named_by_file_and_line_without_its_value(
    tmp_path: Path, odd: dict[str, object], said: str
) -> None:
    with pytest.raises(CustomerFileError, match=rf"^customers.jsonl:1: {said}"):
        _read(tmp_path, {"customer": "K1", **odd})


def test_a_time_is_that_of_utc_and_one_without_a_zone_is_that_of_the_project(tmp_path: Path) -> None:
    file = tmp_path / "customers.jsonl"
    file.write_text(
        '{"customer": "K1", "as_of": "2026-11-20T10:30:00+02:00"}\n{"customer": "K2", "as_of": "2026-11-20T10:30:00"}\n'
    )
    origin = Origin(source="crm", as_of=NOW, read_at=NOW, zone=timezone(timedelta(hours=5)))
    with open_customer_file(file) as opened:
        records = [one.record for one in opened.records(origin)]

    assert [one.as_of.isoformat() for one in records if one] == [
        "2026-11-20T08:30:00+00:00",
        "2026-11-20T05:30:00+00:00",
    ]


_LINE = msgspec.json.encode({"customer": "K1", "as_of": "2026-11-20", "email": "a@x.test", "verified": ["email"]})


@given(place=st.integers(0, len(_LINE)), cut=st.integers(0, 9), put=st.binary(max_size=6) | st.just(b"\\u0000"))
def test_whatever_a_line_holds_it_is_kept_or_named(place: int, cut: int, put: bytes) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "customers.jsonl"
        file.write_bytes(b'{"customer": "K0"}\n' + _LINE[:place] + put + _LINE[place + cut :] + b"\n")
        with open_customer_file(file) as opened:
            told = list(opened.records(Origin(source="crm", as_of=NOW, read_at=NOW)))

    assert all((one.record is None) == bool(one.wrong) for one in told)
    assert all("\0" not in one.record.customer_key for one in told if one.record is not None)


def test_addresses_of_a_file_have_the_form_that_events_give_them(tmp_path: Path) -> None:
    said: dict[str, object] = {
        "email": " Anna@X.TEST ",
        "mobile": "0151 23456789",
        "country": "Germany",
        "city": "Bern",
    }
    (record,) = read_customers(_line(tmp_path, said), source="crm", now=NOW, home_country="CH")
    (homely,) = read_customers(_line(tmp_path, {"mobile": "044 668 18 00"}), source="crm", now=NOW, home_country="CH")

    assert record.fields == written_alike(said, "CH")
    assert record.fields["mobile"] == "+4915123456789"
    assert homely.fields == {"mobile": "+41446681800"}


def _line(folder: Path, said: dict[str, object]) -> Path:
    file = folder / "one.jsonl"
    file.write_bytes(msgspec.json.encode({"customer": "K1", **said}))
    return file
