import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xconnector.domain.consent import ConsentAction, ConsentBasis, ConsentEvent, ConsentMethod
from xconnector.domain.routing.plan import Medium
from xconnector.operations.consent_files import LONGEST_LINE, MOST_NAMED, Imported, import_consents
from xconnector.postgres.connect import Pool, transaction
from xconnector.store import consents

GOOD: dict[str, object] = {
    "customer": "K-1",
    "action": "grant",
    "medium": "email",
    "scope": "bill",
    "occurred_at": "2026-11-01T10:00:00+01:00",
    "basis": "express",
    "wording": "esign-3",
    "language": "en",
    "method": "double opt-in",
    "shown": True,
    "evidence": "scan 17",
    "by": "ann",
    "expires_on": "2027-11-01",
}


def written(line: object) -> bytes:
    return line if isinstance(line, bytes) else json.dumps(line).encode()


async def imported(pool: Pool, file: Path, *lines: object, set_aside: Path | None = None) -> Imported:
    """Import lines; what is no bytes is written as JSON."""
    file.write_bytes(b"\n".join(map(written, lines)))
    return await import_consents(pool, file, source="crm", categories=["bill"], set_aside=set_aside)


async def said_by(pool: Pool, customer: str) -> list[ConsentEvent]:
    async with transaction(pool) as connection:
        return (await consents.of_customers(connection, [customer])).get(customer, [])


async def test_a_line_is_kept_with_everything_that_it_tells(pool: Pool, tmp_path: Path) -> None:
    done = await imported(pool, tmp_path / "consents.jsonl", GOOD, b"", {**GOOD, "customer": "K-2"})
    (kept,) = await said_by(pool, "K-1")

    assert (done.new, done.known, done.bad) == (2, 0, 0)
    assert (kept.action, kept.medium, kept.scope) == (ConsentAction.GRANT, Medium.EMAIL, "bill")
    assert (kept.basis, kept.method, kept.shown) == (ConsentBasis.EXPRESS, ConsentMethod.DOUBLE_OPT_IN, True)
    assert (kept.wording, kept.language, kept.evidence) == ("esign-3", "en", "scan 17")
    assert (kept.actor, kept.source) == ("ann", "crm")
    assert kept.occurred_at.isoformat() == "2026-11-01T09:00:00+00:00"
    assert str(kept.expires_on) == "2027-11-01"


async def test_to_import_a_file_again_changes_nothing(pool: Pool, tmp_path: Path) -> None:
    lines = [{**GOOD, "customer": f"K-{n}"} for n in range(1500)]
    first = await imported(pool, tmp_path / "a.jsonl", *lines)
    again = await imported(pool, tmp_path / "a.jsonl", *lines, *lines[:2])

    assert (first.new, first.known) == (1500, 0)
    assert (again.new, again.known) == (0, 1502)


@pytest.mark.parametrize(
    "line, told",
    [
        (b"{", "no JSON object"),
        (b"\xff\xfe", "no JSON object"),
        (b"[" * 5000, "no JSON object"),
        (b'"' + b"a" * LONGEST_LINE * 3 + b'"', "longer than"),
        ([1], "no JSON object of customer"),
        ({**GOOD, "customer": ""}, "the customer must be named"),
        ({**GOOD, "customer": "Zwiebel\0"}, "zero byte"),
        ({**GOOD, "evidence": "Zwiebel\0"}, "zero byte"),
        ({name: value for name, value in GOOD.items() if name != "scope"}, "scope is missing"),
        ({**GOOD, "Zwiebel": "red"}, "no JSON object of customer, action"),
        ({**GOOD, "action": "Zwiebel"}, "action must be one of grant, withdraw, expire"),
        ({**GOOD, "medium": "Zwiebel"}, "medium must be one of print, email"),
        ({**GOOD, "scope": "Zwiebel"}, "use one of all, promotional, bill"),
        ({**GOOD, "scope": 5}, "scope must be text"),
        ({**GOOD, "occurred_at": "Zwiebel"}, "occurred_at must be a time such as"),
        ({**GOOD, "occurred_at": "0001-01-01T00:00:00+14:00"}, "nobody consented before 1900"),
        ({**GOOD, "expires_on": "soon"}, "expires_on must be a day such as"),
        ({**GOOD, "shown": "yes"}, "shown must be true or false"),
        ({**GOOD, "action": "withdraw"}, "belong to a grant"),
    ],
)
async def test_a_bad_line_is_named_without_its_values_and_the_others_are_kept(
    pool: Pool, tmp_path: Path, line: object, told: str
) -> None:
    done = await imported(
        pool, tmp_path / "c.jsonl", GOOD, line, {**GOOD, "customer": "K-3"}, set_aside=tmp_path / "bad.jsonl"
    )

    (bad,) = done.bad_lines
    assert (done.new, done.bad, bad.number) == (2, 1, 2)
    assert told in bad.reason
    assert "Zwiebel" not in bad.reason
    assert (tmp_path / "bad.jsonl").read_bytes() == written(line)[: LONGEST_LINE + 1] + b"\n"
    assert await said_by(pool, "K-3") != []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    line=st.binary(max_size=60)
    | st.dictionaries(st.sampled_from(sorted(GOOD)), st.text() | st.integers()).map(lambda some: {**GOOD, **some})
)
async def test_no_line_stops_an_import(pool: Pool, tmp_path: Path, line: object) -> None:
    done = await imported(pool, tmp_path / "c.jsonl", line, GOOD)

    assert done.new + done.known >= 1


async def test_only_the_first_bad_lines_are_named_and_all_are_counted(pool: Pool, tmp_path: Path) -> None:
    done = await imported(pool, tmp_path / "c.jsonl", *[b"{"] * (MOST_NAMED + 5))

    assert (len(done.bad_lines), done.bad) == (MOST_NAMED, MOST_NAMED + 5)


async def test_no_file_is_overwritten_by_what_is_set_aside(pool: Pool, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("mine")

    with pytest.raises(FileExistsError):
        await imported(pool, tmp_path / "c.jsonl", GOOD, set_aside=tmp_path / "bad.jsonl")
    assert await said_by(pool, "K-1") == []


async def test_nothing_is_said_before_it_is_heard(pool: Pool, tmp_path: Path) -> None:
    await imported(pool, tmp_path / "c.jsonl", {**GOOD, "occurred_at": "2999-01-01T00:00:00Z"})
    (kept,) = await said_by(pool, "K-1")

    assert kept.occurred_at == kept.recorded_at
