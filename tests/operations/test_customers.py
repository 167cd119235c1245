"""Loading what sources say of customers, from files."""

import gzip
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.office import notice
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import PermanentError
from xconnector.domain.communication import State
from xconnector.domain.customer import CustomerRecord
from xconnector.domain.golden import MOST_RECENT
from xconnector.operations.customers import (
    AT_ONCE,
    Loaded,
    LoadRefusedError,
    LoadTerms,
    load_customers,
    rejects_of,
    write_rejects,
)
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import customers

CRM = LoadTerms(source="crm")
AS_OF = "2026-11-20T02:00:00Z"


def _write(file: Path, lines: Iterable[Mapping[str, Any] | str]) -> Path:
    file.write_bytes(
        b"".join((line.encode() if isinstance(line, str) else msgspec.json.encode(line)) + b"\n" for line in lines)
    )
    return file


def _customers(number: int, **fields: object) -> list[dict[str, Any]]:
    return [{"customer": f"K-{at}", "as_of": AS_OF, "email": f"{at}@x.test", **fields} for at in range(number)]


async def _golden(pool: Pool, *keys: str) -> dict[str, Mapping[str, Any]]:
    async with transaction(pool) as connection:
        found = await customers.golden_records(connection, keys, MOST_RECENT, at=datetime.now(UTC))
    return {key: one.fields for key, one in found.items()}


def _totals(done: Loaded) -> list[tuple[int, int, int, int]]:
    return [(one.records, one.kept, one.unchanged, one.set_aside) for one in done.loads]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_loaded_address_routes_what_comes_later(office: OpenOffice, tmp_path: Path) -> None:
    file = _write(tmp_path / "crm.jsonl", [{"customer": "K-1", "as_of": "2026-11-24T00:00:00Z", "email": "new@x.test"}])
    async with office() as opened:
        loaded = await load_customers(opened.place.pool, [file], LoadTerms(source="portal"))
        await opened.send(notice("1", email="old@x.test"))
        account = await opened.work()

    assert _totals(loaded) == [(1, 1, 0, 0)]
    assert account.states == {State.COMPLETED: 1}
    assert (opened.mails_to("new@x.test"), opened.mails_to("old@x.test")) == (1, 0)


async def test_a_load_counts_what_was_new_and_what_was_known(pool: Pool, tmp_path: Path) -> None:
    file = _write(tmp_path / "crm.jsonl", _customers(AT_ONCE + 3))
    first = await load_customers(pool, [file], CRM)
    again = await load_customers(pool, [file], CRM)

    assert _totals(first) == [(AT_ONCE + 3, AT_ONCE + 3, 0, 0)]
    assert _totals(again) == [(AT_ONCE + 3, 0, AT_ONCE + 3, 0)]
    assert await _golden(pool, f"K-{AT_ONCE + 2}") == {f"K-{AT_ONCE + 2}": {"email": f"{AT_ONCE + 2}@x.test"}}


async def test_a_file_without_times_that_is_loaded_again_changes_nothing(pool: Pool, tmp_path: Path) -> None:
    lines = [{"customer": f"K-{at}", "email": f"{at}@x.test"} for at in range(3)]
    file = _write(tmp_path / "crm.jsonl", lines)
    first = await load_customers(pool, [file], CRM)
    again = await load_customers(pool, [file], LoadTerms(source="crm", most_gone=0))
    changed = _write(tmp_path / "2.jsonl", [*lines[:2], {"customer": "K-2", "email": "new@x.test"}])
    third = await load_customers(pool, [changed], CRM)

    assert (_totals(first), _totals(again), _totals(third)) == ([(3, 3, 0, 0)], [(3, 0, 3, 0)], [(3, 1, 2, 0)])


BAD = ["{", "[1]", '{"email": "a@x.test"}', '{"customer": ""}', '{"customer": "K", "as_of": "soon"}', "[" * 10_000]


async def test_a_line_that_is_no_customer_is_set_aside_with_its_bytes_while_the_rest_is_kept(
    pool: Pool, tmp_path: Path
) -> None:
    file = _write(tmp_path / "crm.jsonl", [_customers(1)[0], *BAD, {"customer": "K-9", "email": "z@x.test"}])
    done = await load_customers(pool, [file], CRM)
    number = await write_rejects(pool, str(done.loads[0].load_id), tmp_path / "bad.jsonl")
    rejected = await rejects_of(pool, str(done.loads[0].load_id))

    assert _totals(done) == [(8, 2, 0, 6)]
    assert [reject.line for _, reject in done.rejects] == [2, 3, 4, 5, 6, 7]
    assert not any("x.test" in reject.reason or "soon" in reject.reason for reject in rejected.rejects)
    assert number == len(BAD)
    assert (tmp_path / "bad.jsonl").read_text().splitlines() == BAD
    assert (await _golden(pool, "K-9"))["K-9"] == {"email": "z@x.test"}


@pytest.mark.parametrize(
    "said",
    [
        {"last_name": ["x"]}, {"email": {"a": 1}}, {"address_lines": [["x"]]}, {"birth_date": "1990-02-31"},
        {"deceased_on": "no"}, {"as_of": "0001-01-01T00:00:00+14:00"},
    ],
)  # fmt: skip
async def test_what_can_be_no_value_of_its_field_is_set_aside(
    pool: Pool, tmp_path: Path, said: dict[str, object]
) -> None:
    file = _write(tmp_path / "crm.jsonl", [{"customer": "K-1", **said}, _customers(1)[0]])

    assert _totals(await load_customers(pool, [file], CRM)) == [(2, 1, 0, 1)]


async def test_a_strict_load_keeps_nothing_where_a_line_is_bad(pool: Pool, tmp_path: Path) -> None:
    file = _write(tmp_path / "crm.jsonl", [*_customers(AT_ONCE), "{"])
    with pytest.raises(LoadRefusedError, match=rf"crm\.jsonl:{AT_ONCE + 1}: "):
        await load_customers(pool, [file], LoadTerms(source="crm", is_strict=True))

    assert await _golden(pool, "K-0") == {}


async def test_a_file_that_holds_hardly_any_customer_is_given_up(
    pool: Pool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xconnector.operations.customers.MOST_SET_ASIDE", 3)
    file = _write(tmp_path / "crm.jsonl", ["{"] * 5)

    with pytest.raises(LoadRefusedError, match="5 of the first 5 records"):
        await load_customers(pool, [file], CRM)


async def test_a_packed_csv_file_is_read_by_its_header(pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "people.csv.gz"
    rows = "customer_id;firstname;e_mail;as_of\nK-1;Anna;a@x.test;2026-11-01\nK-2;Ben;;2026-11-02\n;Nobody;;\n"
    file.write_bytes(gzip.compress(rows.encode()))
    done = await load_customers(pool, [file], CRM)
    golden = await _golden(pool, "K-1", "K-2")

    assert _totals(done) == [(3, 2, 0, 1)]
    assert golden == {"K-1": {"first_name": "Anna", "email": "a@x.test"}, "K-2": {"first_name": "Ben"}}


async def test_a_damaged_packed_file_is_refused(pool: Pool, tmp_path: Path) -> None:
    file = tmp_path / "crm.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"customer": "K-1"}' * 1000)[:-9])

    with pytest.raises(PermanentError, match=r"crm\.jsonl\.gz is packed by gzip and damaged"):
        await load_customers(pool, [file], CRM)


# ---------------------------------------------------------------- what a source takes back


async def test_whom_a_full_load_does_not_hold_the_source_has_no_longer(pool: Pool, tmp_path: Path) -> None:
    await load_customers(pool, [_write(tmp_path / "1.jsonl", _customers(10))], CRM)
    other = [{"customer": "K-9", "as_of": AS_OF, "city": "Bern"}]
    await load_customers(pool, [_write(tmp_path / "2.jsonl", other)], LoadTerms(source="erp"))
    full = LoadTerms(source="crm", most_gone=0.1)
    done = await load_customers(pool, [_write(tmp_path / "3.jsonl", _customers(9))], full)
    again = await load_customers(pool, [_write(tmp_path / "3.jsonl", _customers(9))], full)
    golden = await _golden(pool, "K-8", "K-9")

    assert done.loads[0].retracted == 1
    assert again.loads[0].retracted == 0
    assert golden == {"K-8": {"email": "8@x.test"}, "K-9": {"city": "Bern"}}


async def test_a_full_load_that_would_retract_too_many_is_refused_before_anything_is_kept(
    pool: Pool, tmp_path: Path
) -> None:
    await load_customers(pool, [_write(tmp_path / "1.jsonl", _customers(10))], CRM)
    file = _write(tmp_path / "2.jsonl", _customers(8, city="Bern"))
    with pytest.raises(LoadRefusedError, match="2 of the 10 customers of crm are missing"):
        await load_customers(pool, [file], LoadTerms(source="crm", most_gone=0.1))

    assert await _golden(pool, "K-0", "K-9") == {"K-0": {"email": "0@x.test"}, "K-9": {"email": "9@x.test"}}


async def test_what_was_said_after_a_full_file_was_made_outlives_its_load(pool: Pool, tmp_path: Path) -> None:
    await load_customers(pool, [_write(tmp_path / "1.jsonl", _customers(1))], CRM)
    later = datetime(2026, 11, 22, tzinfo=UTC)
    async with transaction(pool) as connection:
        fresh = CustomerRecord(customer_key="K-new", source="crm", as_of=later, fields={"city": "Bern"})
        await customers.remember(connection, [fresh], later)
    terms = LoadTerms(source="crm", most_gone=1, as_of=datetime(2026, 11, 21, tzinfo=UTC))
    await load_customers(pool, [_write(tmp_path / "2.jsonl", _customers(1))], terms)

    assert (await _golden(pool, "K-new"))["K-new"] == {"city": "Bern"}


async def test_nobody_is_retracted_where_a_record_of_the_full_file_cannot_be_read(pool: Pool, tmp_path: Path) -> None:
    await load_customers(pool, [_write(tmp_path / "1.jsonl", _customers(10))], CRM)
    file = _write(tmp_path / "2.jsonl", [*_customers(9), '{"customer": "K-9'])
    done = await load_customers(pool, [file], LoadTerms(source="crm", most_gone=0.5))

    assert done.loads[0].retracted == 0
    assert (await _golden(pool, "K-9"))["K-9"] == {"email": "9@x.test"}


async def test_a_deleted_customer_says_nothing_any_more(pool: Pool, tmp_path: Path) -> None:
    lines: Sequence[Mapping[str, Any]] = [*_customers(1), {"customer": "K-0", "as_of": AS_OF, "deleted": True}]
    done = await load_customers(pool, [_write(tmp_path / "1.jsonl", lines)], CRM)

    assert _totals(done) == [(2, 2, 0, 0)]
    assert await _golden(pool, "K-0") == {"K-0": {}}
