"""A small program around the engine: it starts it, waits, and writes down how it ended.

`wrapper.py --folder ATTEMPT --control-file NAME --seconds N [--lock FD | --awaited] -- ENGINE ARGUMENT...`

With `--lock` it leaves whoever started it behind: it outlives the worker, and holds the inherited lock for as long as
it or the engine lives, so that anyone can see that the run is alive. With `--awaited` it ends the engine as soon as
its standard input closes. How the engine ended stands in `ended.json`, written beside and renamed; without that file,
the run came to no end. It uses nothing but the standard library and is run by its path, so that it starts at once.
"""

import argparse
import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""
_LONGEST_WAIT = 60.0


def main() -> int:
    """Run the engine once."""
    arguments = _arguments()
    os.umask(0o077)
    if arguments.lock is not None:
        if os.fork():
            # Whoever started us gets its child back at once, and the run belongs to nobody.
            return 0
        os.setsid()
    told_to_end = _told_to_end()
    ended = _run(arguments, told_to_end)
    _remove(arguments.folder / arguments.control_file)
    if ended is not None:
        _write(arguments.folder / "ended.json", ended)
    return 0


def _run(arguments: argparse.Namespace, told_to_end: Callable[[], bool]) -> dict[str, object] | None:
    """Return how the engine ended, or None where it was ended because nobody waits any more."""
    folder: Path = arguments.folder
    kept = () if arguments.lock is None else (arguments.lock,)
    wrapper = os.getpid()
    with (folder / "said.txt").open("wb") as said:
        try:
            engine = subprocess.Popen(
                arguments.engine,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                pass_fds=kept,
                start_new_session=True,
                preexec_fn=lambda: _die_with(wrapper),  # noqa: PLW1509 - this program has no threads
            )
        except OSError as error:
            return {"not_started": error.errno}
    return _waited(engine, arguments, told_to_end)


def _waited(
    engine: "subprocess.Popen[bytes]", arguments: argparse.Namespace, told_to_end: Callable[[], bool]
) -> dict[str, object] | None:
    woken = _woken_by_children()
    watched = [woken, 0] if arguments.awaited else [woken]
    until = time.monotonic() + arguments.seconds
    while engine.poll() is None:
        left = until - time.monotonic()
        if left <= 0:
            _kill(engine)
            return {"out_of_time": True}
        readable = select.select(watched, [], [], min(left, _LONGEST_WAIT))[0]
        if woken in readable:
            os.read(woken, 512)
        if told_to_end() or (0 in readable and not os.read(0, 512)):
            _kill(engine)
            return None
    status = engine.returncode
    return {"return_code": status} if status >= 0 else {"signal": -status}


def _kill(engine: "subprocess.Popen[bytes]") -> None:
    """End the engine and whatever it started: they are a session of their own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(engine.pid, signal.SIGKILL)
    engine.wait()


def _die_with(wrapper: int) -> None:
    """Have the engine ended when the wrapper is: nobody could learn any more how it ended."""
    # Without it - on systems other than Linux - the lock still tells how long the engine lives.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != wrapper:
        os.kill(os.getpid(), signal.SIGKILL)


def _told_to_end() -> Callable[[], bool]:
    told: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: told.append(received))
    return lambda: bool(told)


def _woken_by_children() -> int:
    """Return a file that can be read whenever a signal came, such as that of an ended child."""
    woken, waking = os.pipe()
    os.set_blocking(waking, False)
    signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
    signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
    return woken


def _write(file: Path, ended: dict[str, object]) -> None:
    beside = file.with_suffix(".tmp")
    with beside.open("w", encoding="utf-8") as stream:
        json.dump(ended, stream)
        stream.flush()
        os.fsync(stream.fileno())
    beside.replace(file)


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--control-file", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--lock", type=int)
    parser.add_argument("--awaited", action="store_true")
    parser.add_argument("engine", nargs="+")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
