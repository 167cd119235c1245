"""What is wrong with an input is told by file, line or record; the rest goes on where it safely can, and all closes."""

from email import message_from_bytes, policy
from pathlib import Path

import msgspec
import pytest

from tests.office import Office, open_place
from tests.pipeline.conftest import OpenOffice
from xconnector.contract.errors import PermanentError
from xconnector.contract.source import ControlTotalsMismatchError
from xconnector.domain.communication import State
from xconnector.operations.failures import Choice, open_failures
from xconnector.operations.status import status
from xconnector.pipeline.receive import receive_run
from xconnector.store.runs import Run

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEEDS = """\
  xml_notices: {connector: xml_file, element: notice, key: [number]}
  json_notices: {connector: jsonl_file, key: [number]}
feeds:
  xml_runs: {connection: xml_notices, event: com.small.notice.due, mapping: notice}
  json_runs: {connection: json_notices, event: com.small.notice.due, mapping: notice}
"""
SOURCES = {"xconnector.yaml": [("feeds:\n", FEEDS)]}


def _element(number: str, amount: str = "12.50") -> str:
    return (
        f"<notice><number>{number}</number><customer>K-{number}</customer><name>Meyer</name>"
        "<street>Hauptstr. 1</street>"
        f"<postcode>10115</postcode><city>Berlin</city><language>de</language><amount>{amount}</amount></notice>"
    )


def _line(number: str | None, **fields: object) -> bytes:
    data = {
        "number": number, "customer": "K", "name": "Meyer", "street": "Hauptstr. 1", "postcode": "10115",
        "city": "Berlin", "language": "de", "amount": "12.50", **fields,
    }  # fmt: skip
    return msgspec.json.encode({name: value for name, value in data.items() if value is not None})


async def _take(opened: Office, feed: str, content: bytes) -> Run:
    file = opened.folder / "run.data"
    file.write_bytes(content)
    return await receive_run(opened.place, opened.place.project.feeds[feed], file)


HOSTILE = {
    "entities": '<!DOCTYPE n [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><notices>' + _element("&c;") + "</notices>",
    "a file of this machine": '<!DOCTYPE n [<!ENTITY f SYSTEM "file:///etc/passwd">]><notices>'
    + _element("&f;")
    + "</notices>",
    "depth": "<notices>" + "<notice>" * 5000 + "</notice>" * 5000 + "</notices>",
    "truncated": "<notices>" + _element("1") + "<notice><number>2</num",
    "no XML": "number,customer\n1,K-1\n",
    "nothing": "",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_or_truncated_xml_is_told_and_loses_nothing(office: OpenOffice, content: str) -> None:
    async with office(SOURCES) as opened:
        words = ""
        try:
            await _take(opened, "xml_runs", content.encode())
        except PermanentError as error:
            words = str(error)
        account = await opened.work()
        words += "".join(row.reason for row in await open_failures(opened.place.pool, Choice(), limit=10))

    assert words, "somebody must be told"
    assert "run.data" in words or "xml" in words.lower()
    assert "root:" not in words
    assert account.reconciliation.difference == 0
    assert account.closes
    assert account.states.get(State.COMPLETED, 0) <= 1


async def test_a_good_xml_file_passes_beside_an_element_without_its_key(office: OpenOffice) -> None:
    content = "<notices>" + _element("1") + _element("") + _element("3") + "</notices>"
    async with office(SOURCES) as opened:
        run = await _take(opened, "xml_runs", content.encode())
        await opened.work()
        account = await opened.account(run)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 2}
    assert account.records["set_aside"] == 1
    assert "number" in failure.reason
    assert account.closes


@pytest.mark.parametrize(
    "line",
    [
        b"{",
        b'{"number": "2", "number": "3"}',
        b'{"number": NaN}',
        b"[" * 100_000,
        b'{"number": "2", "name": "\xff"}',
        b'"only text"',
        _line(None),
        b'{"number": "' + b"x" * 5_000_000 + b'"}',
    ],
    ids=["half", "a key twice", "no number", "depth", "no UTF-8", "no object", "no key", "size"],
)
async def test_one_bad_line_is_set_aside_while_the_rest_passes(office: OpenOffice, line: bytes) -> None:
    async with office(SOURCES) as opened:
        run = await _take(opened, "json_runs", b"\n".join([_line("1"), line, _line("3")]) + b"\n")
        await opened.work()
        account = await opened.account(run)
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 2}
    assert account.records["set_aside"] == 1
    assert failure.position == 2
    assert failure.reason
    assert account.closes


async def test_text_that_a_database_cannot_keep_stops_only_its_record(office: OpenOffice) -> None:
    async with office(SOURCES) as opened:
        run = await _take(opened, "json_runs", _line("1") + b"\n" + rb'{"number": "2", "name": "a\u0000b"}' + b"\n")
        await opened.work()
        account = await opened.account(run)

    assert account.states == {State.COMPLETED: 1}
    assert account.closes


async def test_totals_that_do_not_match_make_nothing_and_name_both(office: OpenOffice) -> None:
    async with office() as opened:
        file = opened.folder / "run.csv"
        file.write_text("number,customer,amount\n1,K-1,5.00\n")
        Path(f"{file}.control.json").write_text('{"records": 2, "sums": {"amount": "10.00"}}')
        with pytest.raises(ControlTotalsMismatchError, match="2 records declared, 1 read"):
            await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
        found = await status(opened.place.pool)

    assert found.runs == []


async def test_totals_that_are_missing_make_nothing_and_say_what_to_do(office: OpenOffice) -> None:
    async with office() as opened:
        file = opened.folder / "run.csv"
        file.write_text("number,customer,amount\n1,K-1,5.00\n")
        with pytest.raises(PermanentError, match=r"control\.json is missing"):
            await receive_run(opened.place, opened.place.project.feeds["notice_runs"], file)
        found = await status(opened.place.pool)

    assert found.runs == []


async def test_values_that_look_like_markup_or_commands_are_only_text(office: OpenOffice) -> None:
    strange = '#panic("x") {{ 7 * 7 }} <script>alert(1)</script> \'; DROP TABLE inbox; -- \\ $ @ `'
    async with office(SOURCES) as opened:
        await _take(opened, "json_runs", _line("1", name=strange, email="a@x.test") + b"\n")
        account = await opened.work()
        mail = message_from_bytes(opened.relay.content_of(opened.relay.arrivals()[0]), policy=policy.default)

    body = mail.get_body(("html",))
    assert body is not None
    html = body.get_content()
    assert account.states == {State.COMPLETED: 1}
    assert account.closes
    assert "<script>" not in html
    assert "7 * 7" in html


async def test_a_run_goes_on_where_the_project_was_opened_anew(office: OpenOffice) -> None:
    async with office(SOURCES) as opened:
        run = await _take(opened, "json_runs", _line("1") + b"\n")
        async with open_place(opened.folder, opened.database, opened.relay.port) as again:
            opened.place = again
            await opened.work()
            account = await opened.account(run)

    assert account.states == {State.COMPLETED: 1}


CONDITION = {
    **SOURCES,
    "communications/notice_due.yaml": [
        ("on: {event: com.small.notice.due}", 'on: {event: com.small.notice.due, condition: "data.amount > 10.0"}')
    ],
}


async def test_a_record_that_a_condition_cannot_judge_is_set_aside_and_never_passed_over(office: OpenOffice) -> None:
    lines = [_line("1"), _line("2", amount="5.00"), _line("3", amount="much"), _line("4", amount=None)]
    async with office(CONDITION) as opened:
        run = await _take(opened, "json_runs", b"\n".join(lines) + b"\n")
        await opened.work()
        account = await opened.account(run)
        failures = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 1}
    assert account.records["asked_for_none"] == 1
    assert account.records["set_aside"] == 2
    assert sorted(failure.reason for failure in failures) == [
        "the condition of communication 'notice_due' cannot be answered: data.amount is missing",
        "the condition of communication 'notice_due' cannot be answered: data.amount is not an amount such as 1234.50",
    ]
    assert account.closes
