from pathlib import Path

import msgspec
import pytest

from tests.office import Office, notice
from tests.pipeline.conftest import OpenOffice
from xconnector.domain.communication import State
from xconnector.entrypoints.programs import sandbox
from xconnector.operations.failures import Choice, open_failures, reprocess
from xconnector.postgres.connect import reading
from xconnector.store import bundles
from xconnector.testing.small_project import row

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRINT_THEN_EMAIL = {"tables/routing.md": [("| email, print      |", "| print, email      |")]}


def _bundles(opened: Office) -> list[str]:
    return sorted({line["bundle"] for line in _lines(opened.house.arrivals)})


def _lines(path: Path) -> list[dict[str, str]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()] if path.exists() else []


async def test_the_letters_of_a_run_leave_as_one_bundle_when_it_is_through(office: OpenOffice) -> None:
    async with office() as opened:
        run = await opened.run([row(str(number)) for number in range(9)], batch_size=2)
        await opened.work()
        account = await opened.account(run)

    assert account.states == {State.COMPLETED: 9}
    assert len(_bundles(opened)) == 1
    assert _bundles(opened)[0].startswith(run.name)
    assert len(opened.printed()) == len(set(opened.printed())) == 9


async def test_single_letters_leave_together_at_their_cut_off(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("{collect: 100ms}", "{collect: 2s}")]}
    async with office(changes) as opened:
        await opened.send(notice("1"))
        await opened.send(notice("2"))
        await opened.work()

    assert len(_bundles(opened)) == 1
    assert _bundles(opened)[0].startswith("singles")
    assert len(opened.printed()) == 2


async def test_a_run_is_cut_into_bundles_of_the_size_that_the_house_takes(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("limits: {collect: 100ms}", "limits: {collect: 100ms}\n    pieces_per_bundle: 4")]}
    async with office(changes) as opened:
        await opened.run([row(str(number)) for number in range(9)])
        account = await opened.work()

    assert account.states == {State.COMPLETED: 9}
    assert len(_bundles(opened)) == 3
    assert len(set(opened.printed())) == 9


async def test_a_rejected_bundle_takes_the_next_hop(office: OpenOffice) -> None:
    async with office(PRINT_THEN_EMAIL) as opened:
        opened.house.conduct.reject_next = 1
        await opened.send(notice("1", email="a@x.test"), notice("2", email="b@x.test"))
        account = await opened.work()
        story = await opened.story_of("1")

    assert account.states == {State.COMPLETED: 2}
    assert account.closes
    assert opened.printed() == []
    assert opened.mails_to("a@x.test") == opened.mails_to("b@x.test") == 1
    assert "reported rejected" in story
    assert "rerouted" in story


async def test_a_rejected_bundle_without_a_further_hop_fails_piece_by_piece_and_is_printed_again(
    office: OpenOffice,
) -> None:
    async with office() as opened:
        opened.house.conduct.reject_next = 1
        await opened.run([row("1"), row("2")])
        account = await opened.work()
        failed = await open_failures(opened.place.pool, Choice(), limit=10)

        assert account.states == {State.FAILED: 2}
        assert account.closes
        assert {failure.kind for failure in failed} == {"refused"}

        await reprocess(opened.place.pool, opened.place.jobs, Choice(), actor="ops", reason="paper is there again")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 2}
    assert account.closes
    assert len(opened.printed()) == 2


async def test_a_rejected_piece_takes_the_next_hop_alone(office: OpenOffice) -> None:
    changes = {
        **PRINT_THEN_EMAIL,
        "mappings/notice.yaml": [("  city: city\n", "  city: city\n  country: country\n")],
    }
    async with office(changes) as opened:
        opened.house.conduct.reject_pieces_with_country = frozenset({"FR"})
        opened.house.conduct.report_pieces = True
        await opened.send(notice("1", email="a@x.test", country="FR"), notice("2", email="b@x.test", country="DE"))
        account = await opened.work()
        printed, mailed = await opened.explain("2"), await opened.explain("1")

    assert account.states == {State.COMPLETED: 2}
    assert account.closes
    assert opened.printed() == [printed.handovers[0].dispatch_key]
    assert [handover.connection for handover in mailed.handovers] == ["print", "email"]
    assert opened.mails_to("b@x.test") == 0


async def test_a_letter_that_is_damaged_in_the_content_store_is_left_out_of_its_bundle(office: OpenOffice) -> None:
    changes = {"xconnector.yaml": [("{collect: 100ms}", "{collect: 1s}")]}
    async with office(changes) as opened:
        await opened.send(notice("1"))
        await opened.send(notice("2"))
        await opened.work_until(("1", State.COLLECTED), ("2", State.COLLECTED))
        kept = (await opened.explain("1")).renditions[0]
        pack = next((opened.folder / "var" / "content").rglob(f"{kept.place.pack}.pack"))
        pack.chmod(0o600)
        pack.write_bytes(pack.read_bytes()[:-1])
        account = await opened.work()
        (failure,) = await open_failures(opened.place.pool, Choice(), limit=10)

    assert account.states == {State.COMPLETED: 1, State.FAILED: 1}
    assert account.closes
    assert failure.source_key == "1"
    assert len(opened.printed()) == 1


async def test_an_unreachable_house_gets_the_bundle_later(office: OpenOffice) -> None:
    async with office() as opened:
        (opened.folder / "var" / "print").rename(opened.folder / "var" / "gone")
        (opened.folder / "var" / "print").write_text("a share that is not mounted")

        async def has_been_tried() -> bool:
            return await opened.state_of("1") is State.DISPATCHING

        await opened.send(notice("1"))
        async with opened.at_work():
            await opened.until(has_been_tried)
        (opened.folder / "var" / "print").unlink()
        (opened.folder / "var" / "gone").rename(opened.folder / "var" / "print")
        account = await opened.work()

    assert account.states == {State.COMPLETED: 1}
    assert len(opened.printed()) == 1


@pytest.mark.slow
async def test_a_lost_answer_of_the_house_is_asked_for_and_nothing_is_printed_twice(
    office: OpenOffice, tmp_path: Path
) -> None:
    folder = tmp_path / "house"
    with sandbox("print_house", "--port", "0", "--folder", str(folder), log=tmp_path / "house.log") as house:
        (folder / "control.json").write_text('{"lose_answers": true}')
        destination = (
            f"destination: {{kind: sftp, host: 127.0.0.1, port: {house.facts['port']}, user: sandbox, "
            f'password: sandbox, host_key: "{house.facts["host_key"]}"}}'
        )
        changes = {"xconnector.yaml": [("destination: {kind: folder, folder: var/print}", destination)]}
        async with office(changes) as opened:
            await opened.send(notice("1"), notice("2"))
            account = await opened.work()
            found = await opened.explain("1")
    arrivals = _lines(folder / "arrivals.jsonl")

    assert account.states == {State.COMPLETED: 2}
    assert [line.get("duplicate") for line in arrivals] == [None, None]
    assert found.handovers[0].bundle_key == arrivals[0]["bundle"]


async def test_no_two_pieces_of_a_connection_have_the_same_number_and_households_share_envelopes(
    office: OpenOffice,
) -> None:
    changes = {
        "xconnector.yaml": [
            (
                "limits: {collect: 100ms}",
                "limits: {collect: 100ms}\n    pieces_per_bundle: 2\n    share_envelopes: true",
            )
        ],
        "communications/notice_due.yaml": [("route:", "share_envelope: address\nroute:")],
    }
    async with office(changes) as opened:
        await opened.run([row(str(number)) for number in range(5)])
        await opened.work()
        async with reading(opened.place.pool) as connection:
            rows = [await bundles.find(connection, key) for key in _bundles(opened)]
        lines = _lines(opened.house.arrivals)

    numbers = [number for one in rows if one for number in range(one.first_number, one.first_number + one.pieces)]
    assert sorted(numbers) == list(range(5))
    assert max(one.lately for one in rows if one) == 5
    assert {(line["bundle"], line["envelope_number"]) for line in lines} == {(key, 1) for key in _bundles(opened)}
