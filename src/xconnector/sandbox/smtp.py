"""A mail relay on 127.0.0.1 that takes mails over real SMTP and sends real bounces, by what the recipient is called.

`python -m xconnector.sandbox.smtp --folder DIR --bounces-maildir DIR` prints `{"port": …}` when ready. Every mail that
it takes stands in `DIR/mails/*.eml` and, before the relay answers, as a line in `DIR/arrivals.jsonl`. What a
recipient's local part begins with says what becomes of the mail:

| begins with                   | the relay                                                      |
|-------------------------------|----------------------------------------------------------------|
| `bounce-`, `unknown-`         | takes it and reports later: no such mailbox (5.1.1)            |
| `full-`                       | takes it and reports later: gave up, the mailbox is full (4.2.2) |
| `blocked-`                    | takes it and reports later: refused for who sends it (5.7.1)   |
| `delay-`                      | takes it and reports later: still trying (4.4.1)               |
| `away-`                       | takes it; a vacation program answers later                     |
| `refuse-`                     | refuses the recipient (550)                                    |
| `tempfail-`, `greylist-`      | says not now (451) the first time                              |
| `drop-`                       | takes it and breaks the line off instead of answering          |

`DIR/control.json` changes its behaviour while it runs: `{"slow": 0.5, "down": true, "lose_answers": true}`.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from xconnector.sandbox.program import announce, until_ended
from xconnector.sandbox.relay import Behaviour, SandboxRelay

_BETWEEN_LOOKS_AT_CONTROL = 0.2
"""Seconds."""


async def follow_control(relay: SandboxRelay, control: Path) -> None:
    """Let the relay do what its control file says, again and again."""
    before = None
    while True:
        told = _told(control)
        if told is not None and told != before:
            await _obey(relay, told)
            before = told
        await asyncio.sleep(_BETWEEN_LOOKS_AT_CONTROL)


def _told(control: Path) -> Mapping[str, Any] | None:
    try:
        return json.loads(control.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        # Not yet there, or half written: the next look finds it whole.
        return None


async def _obey(relay: SandboxRelay, told: Mapping[str, Any]) -> None:
    relay.behaviour.slow = float(told.get("slow", 0))
    relay.behaviour.lose_answers = bool(told.get("lose_answers", False))
    if bool(told.get("down", False)) is relay.is_up:
        await (relay.go_down() if relay.is_up else relay.come_up())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m xconnector.sandbox.smtp", description="A mail relay that bounces.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--folder", type=Path, required=True, help="where mails and arrivals.jsonl are written")
    parser.add_argument("--bounces-maildir", type=Path, required=True, help="Maildir that bounces are delivered to")
    parser.add_argument("--bounce-after", type=float, default=1.0, metavar="SECONDS", help="how late reports come")
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="how long each answer takes")
    parser.add_argument("--lose-answers", action="store_true", help="take mails and never answer")
    parser.add_argument("--user", help="wants this login; the password stands in XCONNECTOR_SANDBOX_PASSWORD")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this one ends")
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    login = (arguments.user, os.environ.get("XCONNECTOR_SANDBOX_PASSWORD", "")) if arguments.user else None
    behaviour = Behaviour(slow=arguments.slow, lose_answers=arguments.lose_answers, login=login)
    async with SandboxRelay(
        arguments.folder,
        arguments.bounces_maildir,
        port=arguments.port,
        bounce_after=arguments.bounce_after,
        behaviour=behaviour,
    ) as relay:
        control = asyncio.create_task(follow_control(relay, arguments.folder / "control.json"))
        announce(port=relay.port)
        await until_ended(with_parent=arguments.with_parent)
        control.cancel()
        with suppress(asyncio.CancelledError):
            await control


if __name__ == "__main__":
    asyncio.run(_run(_arguments()))
