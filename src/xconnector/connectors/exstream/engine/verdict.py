"""What an engine's end means: whether what it made is taken, and if not, which of the four errors it is."""

import errno
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from xconnector.connectors.exstream.engine.run_summary import RunSummary, read_run_summary
from xconnector.connectors.exstream.engine.settings import EngineSettings, ReturnCodes
from xconnector.connectors.exstream.engine.work_folder import Attempt, Ended
from xconnector.connectors.exstream.messages import MessageCounts, Severity, read_messages
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_NO_PACKAGE = b"error received trying to read the package file"
"""What the engine says to its standard output when it cannot read a package [C]."""
_READ_OF_WHAT_IT_SAYS = 256 * 1024
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
"""What a launching shell script returns for the engine that it cannot start."""
_SIGNALS = range(129, 160)
"""What it returns for an engine that a signal ended: 128 and the signal's number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one engine ended."""

    failure: ConnectorError | None
    """Why nothing of it is taken; None where its outputs are."""
    was_lost: bool
    """Whether it was killed, so that beginning it again may help."""
    may_lie_in_one_customer: bool
    """Whether it may have stopped at one customer, so that the others could be composed without it."""
    was_not_started: bool
    """Whether the program could not even be started."""
    messages: str
    """Ids of its messages, from the worst on; empty where it warned of nothing."""
    detail: Mapping[str, str]
    """What the ledger keeps of it."""


def verdict_of(attempt: Attempt, ended: Ended | None, settings: EngineSettings) -> Verdict:
    """Say how an engine ended, from its return code first, and from what it left."""
    messages = _messages(attempt, settings)
    summary = read_run_summary(_start_of(attempt.summary), settings.run_summary_layout)
    failure = _failure(attempt, ended, settings.return_codes, told_messages(messages, settings))
    return Verdict(
        failure=failure,
        may_lie_in_one_customer=_stopped(attempt, ended, settings.return_codes),
        was_lost=ended is None or _signal(ended) is not None,
        was_not_started=ended is not None and ended.not_started is not None,
        messages=told_messages(messages, settings),
        detail=_detail(ended, summary, messages, settings.return_codes),
    )


def told_messages(messages: MessageCounts, settings: EngineSettings) -> str:
    """Return the ids of the messages; with the engine's own words where the settings say so, but never the key."""
    told = messages.told(with_texts=settings.tell_engine_messages)
    return told if settings.key is None else told.replace(settings.key.get_secret_value(), "***")


def _stopped(attempt: Attempt, ended: Ended | None, codes: ReturnCodes) -> bool:
    """Say whether the engine ran, and stopped for a reason that may be one customer."""
    code = ended.return_code if ended is not None else None
    return code is not None and codes.failed <= code < _NOT_EXECUTABLE and _NO_PACKAGE not in _start_of(attempt.said)


def _failure(attempt: Attempt, ended: Ended | None, codes: ReturnCodes, told: str) -> ConnectorError | None:
    if ended is None:
        return TransientError("the engine was ended before it came to its end")
    if ended.not_started is not None:
        return _not_started(ended.not_started)
    if ended.out_of_time:
        return PermanentError("the engine was ended: the run took longer than `longest_run` allows")
    if (killed_by := _signal(ended)) is not None:
        return TransientError(f"the engine was ended by signal {killed_by}: was the machine short of memory?")
    return _failure_of_code(attempt, ended.return_code or 0, codes, told)


def _failure_of_code(attempt: Attempt, code: int, codes: ReturnCodes, told: str) -> ConnectorError | None:
    if code in {_NOT_EXECUTABLE, _NOT_FOUND}:
        return MisconfiguredError(f"`program` returns {code}: it cannot start the engine; correct its launching script")
    if code < codes.failed:
        return None
    if _NO_PACKAGE in _start_of(attempt.said):
        return PermanentError(
            f"the engine cannot read the package file (return code {code}): have it packaged again, "
            "by the packager of the engine's own version"
        )
    said = f"; its messages: {told}" if told else "; it left no message"
    return PermanentError(f"the engine failed with return code {code} and nothing of the run is taken{said}")


def _not_started(number: int) -> ConnectorError:
    if number in {errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}:
        return TransientError(f"the engine could not be started: {os.strerror(number)}")
    return MisconfiguredError(f"`program` could not be started: {os.strerror(number)}")


def _signal(ended: Ended) -> int | None:
    if ended.return_code is not None and ended.return_code in _SIGNALS:
        return ended.return_code - 128
    return ended.signal


def _detail(ended: Ended | None, summary: RunSummary, messages: MessageCounts, codes: ReturnCodes) -> Mapping[str, str]:
    detail = summary.detail()
    if ended is not None and ended.return_code is not None:
        detail["return_code"] = str(ended.return_code)
        detail["ended"] = _word(ended.return_code, codes)
    for severity in (Severity.SEVERE, Severity.ERROR, Severity.WARNING):
        if count := messages.of(severity):
            detail[f"messages_{severity.value}"] = str(count)
    if told := messages.told():
        detail["messages"] = told
    return detail


def _word(code: int, codes: ReturnCodes) -> str:
    if code >= codes.failed:
        return "failed"
    if code >= codes.error:
        return "with errors"
    return "with warnings" if code >= codes.warning else "well"


def _messages(attempt: Attempt, settings: EngineSettings) -> MessageCounts:
    with suppress(OSError), attempt.messages.open("rb") as stream:
        return MessageCounts(read_messages(stream, encoding=settings.message_encoding))
    return MessageCounts()


def _start_of(file: Path) -> bytes:
    with suppress(OSError), file.open("rb") as stream:
        return stream.read(_READ_OF_WHAT_IT_SAYS)
    return b""
