"""One document can neither stop the others nor take anything with it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.connectors.embedded.project import LETTER, composer_of, write_template
from xconnector.connectors.embedded.composer import EmbeddedComposer
from xconnector.contract.composer import Composition, Order
from xconnector.contract.errors import ConnectorError, PermanentError, TransientError
from xconnector.domain.document import RenditionKind
from xconnector.testing.orders import sample_order

pytestmark = pytest.mark.slow

HEAD = '#let input = json(bytes(sys.inputs.data))\n#set document(title: "T", date: auto)\n'
ENDLESS = HEAD + "#let n = 0\n#for i in range(40000) { for j in range(40000) { n += 1 } }\n"
GREEDY = HEAD + "#let a = range(100000000)\n#a.len()\n"
RECURSIVE = HEAD + "#let f(x) = f(x + 1)\n#f(0)\n"
GREEDY_MAIL = "{% set x = 'a' * 3000000000 %}{{ x | length }}"


def letters(count: int, *, poison: Sequence[int] = ()) -> list[Order]:
    return [
        sample_order(
            number, template="poison" if number in poison else "letter", kinds=frozenset({RenditionKind.LETTER})
        )
        for number in range(count)
    ]


def failed(results: Sequence[Composition | ConnectorError]) -> dict[int, ConnectorError]:
    return {number: result for number, result in enumerate(results) if isinstance(result, ConnectorError)}


async def compose_with(project: Path, poison: str, **settings: object) -> dict[int, ConnectorError]:
    """Compose forty letters of which two are poison; return the failures."""
    write_template(project, "letter/letter.typ", LETTER)
    write_template(project, "poison/letter.typ", poison)
    async with composer_of(project, processes=2, **settings) as composer:
        results = await composer.compose(letters(40, poison=[7, 30]))
        assert [isinstance(result, Composition) for result in results].count(True) == 38, failed(results)
        # And the next call finds a composer that works.
        assert not failed(await composer.compose(letters(4)))
    return failed(results)


async def test_a_loop_fails_alone_at_its_deadline(tmp_path: Path) -> None:
    failures = await compose_with(tmp_path, ENDLESS, deadline=3)

    assert list(failures) == [7, 30]
    for failure in failures.values():
        assert isinstance(failure, PermanentError)
        assert str(failure).startswith("templates/poison: the document took longer than 3 s")


async def test_a_memory_bomb_fails_alone(tmp_path: Path) -> None:
    failures = await compose_with(tmp_path, GREEDY, memory="512MiB")

    assert list(failures) == [7, 30]
    for failure in failures.values():
        assert isinstance(failure, PermanentError)
        assert str(failure).startswith("templates/poison: the document took more than 512 MiB")


async def test_endless_recursion_fails_alone(tmp_path: Path) -> None:
    failures = await compose_with(tmp_path, RECURSIVE)

    assert list(failures) == [7, 30]
    assert {type(failure) for failure in failures.values()} == {PermanentError}


async def test_a_memory_bomb_in_a_short_message_fails_alone(tmp_path: Path) -> None:
    write_template(tmp_path, "bomb/sms.txt", GREEDY_MAIL)
    write_template(tmp_path, "short/sms.txt", "hello")
    kinds = frozenset({RenditionKind.SMS})
    async with composer_of(tmp_path, processes=1) as composer:
        bomb, short = await composer.compose(
            [sample_order(1, template="bomb", kinds=kinds), sample_order(2, template="short", kinds=kinds)]
        )

    assert isinstance(bomb, PermanentError)
    assert "took more than 1024 MiB" in str(bomb)
    assert isinstance(short, Composition)


async def test_an_endless_loop_in_jinja_ends_at_the_deadline(tmp_path: Path) -> None:
    loops = "{% for i in range(90000) %}{% for j in range(90000) %}{% endfor %}{% endfor %}"
    write_template(tmp_path, "loop/sms.txt", loops)
    async with composer_of(tmp_path, processes=1, deadline=0.5) as composer:
        (result,) = await composer.compose([sample_order(template="loop", kinds=frozenset({RenditionKind.SMS}))])

    assert isinstance(result, PermanentError)
    assert "took longer than 0.5 s" in str(result)


async def test_killed_processes_lose_nothing(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=2) as composer:
        expected = await composer.compose(letters(60))

        composing = asyncio.ensure_future(composer.compose(letters(60)))
        for _ in range(3):
            await asyncio.sleep(0.05)
            for process_id in composer.process_ids[:1]:
                os.kill(process_id, signal.SIGKILL)
        results = await composing

    # A document that was in the way of two kills may be told as transient; none may be lost or differ.
    for result, wanted in zip(results, expected, strict=True):
        assert result == wanted or isinstance(result, TransientError)
    assert len(failed(results)) <= 1


async def test_calls_share_the_processes_fairly(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1) as composer:
        await composer.compose(letters(1))
        run = asyncio.ensure_future(composer.compose(letters(400)))
        await asyncio.sleep(0)

        started = time.monotonic()
        await composer.compose(letters(1))
        waited = time.monotonic() - started

        assert not run.done()
        await run
        assert waited < (time.monotonic() - started) / 4


async def test_a_caller_who_goes_away_leaves_nothing_to_do(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1) as composer:
        await composer.compose(letters(1))
        run = asyncio.ensure_future(composer.compose(letters(2000)))
        await asyncio.sleep(0.05)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

        started = time.monotonic()
        assert not failed(await composer.compose(letters(1)))
        assert time.monotonic() - started < 5


async def test_whoever_waits_when_it_closes_is_told(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1) as composer:
        run = asyncio.ensure_future(composer.compose(letters(2000)))
        await asyncio.sleep(0.5)

    results = await run
    assert isinstance(results[-1], TransientError)


async def test_processes_are_replaced_after_their_share_of_work(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1, recycle_after=10) as composer:
        first = await composer.compose(letters(5))
        before = composer.process_ids
        assert not failed(await composer.compose(letters(30)))
        after = composer.process_ids
        again = await composer.compose(letters(5))

    assert before != after
    assert again == first


async def test_processes_start_only_when_there_is_work_for_them(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=4) as composer:
        assert composer.process_ids == ()
        for _ in range(3):
            await composer.compose(letters(1))
        assert len(composer.process_ids) == 1
        await composer.compose(letters(40))
        assert len(composer.process_ids) == 4


async def test_processes_know_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PASSWORD", "correct horse")
    write_template(tmp_path, "letter/letter.typ", LETTER)
    async with composer_of(tmp_path, processes=1) as composer:
        await composer.check()
        environment = Path(f"/proc/{composer.process_ids[0]}/environ").read_bytes()

    assert b"correct horse" not in environment
    assert b"TZ=UTC" in environment


async def test_processes_end_with_the_composer(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    composer: EmbeddedComposer
    async with composer_of(tmp_path, processes=2) as composer:
        await composer.compose(letters(20))
        running = composer.process_ids

    assert len(running) == 2
    assert not [process_id for process_id in running if is_alive(process_id)]


HOST = """
import asyncio, sys
from pathlib import Path
from tests.connectors.embedded.project import composer_of
from tests.connectors.embedded.test_isolation import letters

async def main():
    async with composer_of(Path(sys.argv[1]), processes=2, deadline=60) as composer:
        await composer.compose(letters(10))
        print(*composer.process_ids, flush=True)
        await composer.compose(letters(2, poison=[0, 1]))

asyncio.run(main())
"""


def test_processes_end_even_when_the_composer_is_killed_in_the_middle(tmp_path: Path) -> None:
    write_template(tmp_path, "letter/letter.typ", LETTER)
    write_template(tmp_path, "poison/letter.typ", ENDLESS)
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
    ) as host:
        assert host.stdout is not None
        running = [int(word) for word in host.stdout.readline().split()]
        time.sleep(0.3)
        assert [is_alive(process_id) for process_id in running] == [True, True]
        host.kill()

    deadline = time.monotonic() + 5
    while any(is_alive(process_id) for process_id in running) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not [process_id for process_id in running if is_alive(process_id)]


def is_alive(process_id: int) -> bool:
    """Say whether the process runs; one that has ended and only waits to be noted does not."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
