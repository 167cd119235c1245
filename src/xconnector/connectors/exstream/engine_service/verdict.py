"""Whether a call composed: by the files' return codes first, then by the status, then by the engine's messages."""

import re
from collections.abc import Mapping, Sequence
from io import BytesIO

from xconnector.connectors.exstream.engine_service.answer import ComposeAnswer
from xconnector.connectors.exstream.engine_service.settings import EngineServiceSettings, Meaning
from xconnector.connectors.exstream.engine_service.user_token import WSSE
from xconnector.connectors.exstream.messages import EngineRemark, MessageCounts, Severity, most_severe, read_messages
from xconnector.connectors.exstream.soap import Fault
from xconnector.contract.errors import ConnectorError, MisconfiguredError, PermanentError, TransientError

_ERRORS: Mapping[Meaning, type[ConnectorError]] = {
    Meaning.TRANSIENT: TransientError,
    Meaning.PERMANENT: PermanentError,
    Meaning.MISCONFIGURED: MisconfiguredError,
}
_FAILED_SEVERITIES = frozenset({Severity.ERROR, Severity.SEVERE})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,80}", re.ASCII)
_BEFORE_THE_ENGINE = frozenset({"VersionMismatch", "MustUnderstand"})


def failure_of(answer: ComposeAnswer, settings: EngineServiceSettings) -> ConnectorError | None:
    """Return why nothing of an answer is taken; None where the call composed.

    What the service says in its own words may quote customers: only return codes and ids of messages are told.
    """
    messages = list(read_messages(BytesIO(answer.messages), encoding=settings.message_encoding))
    said = _failure_said(answer, messages, settings)
    if said is None:
        return None
    told = MessageCounts(messages).told()
    return _meant(messages, settings)(f"the engine {said}: {_where_to_look(told)}")


def refusal_of(fault: Fault, settings: EngineServiceSettings) -> ConnectorError:
    """Return what a fault means."""
    told = f"the engine service refuses with the fault {_named(fault.code)}"
    if fault.detail is not None:
        told += f" ({_named(fault.detail)})"
    if fault.code_namespace == WSSE:
        return MisconfiguredError(f"{told}: correct user and password under `token`, or let that account compose")
    meaning = _meaning_of(fault, settings)
    return _ERRORS[meaning](f"{told}: {_REMEDIES[meaning]}")


_REMEDIES: Mapping[Meaning, str] = {
    Meaning.TRANSIENT: "it cannot compose at the moment; its log says why",
    Meaning.PERMANENT: "its log says why; what that means for us can be said under `fault_words`",
    Meaning.MISCONFIGURED: "mend the connection, its account, or the service's licence; its log says why",
}


def _failure_said(
    answer: ComposeAnswer, messages: Sequence[EngineRemark], settings: EngineServiceSettings
) -> str | None:
    codes = [file.header.return_code for file in answer.files if file.header.return_code is not None]
    if codes:
        worst = max(codes)
        return f"ends with return code {worst}" if worst >= settings.failed_from else None
    if any(_holds(answer.status, word) for word in settings.failed_words):
        return "tells of a failure in its status" + ("" if answer.files else " and gives no file")
    if not answer.status and most_severe(messages) in _FAILED_SEVERITIES:
        return "tells of errors in its messages"
    return None if answer.files else "gives no file"


def _holds(status: str, word: str) -> bool:
    if word.isdecimal():
        return re.search(rf"(?<!\d){word}(?!\d)", status) is not None
    return word.casefold() in status.casefold()


def _meant(messages: Sequence[EngineRemark], settings: EngineServiceSettings) -> type[ConnectorError]:
    meanings = [settings.message_meanings.get(message.message_id) for message in messages]
    return next((_ERRORS[meaning] for meaning in meanings if meaning is not None), PermanentError)


def _where_to_look(told: str) -> str:
    if told:
        return f"its messages are {told}"
    return "it gave no message that tells why; look in the log of the service, and at the package and its data"


def _meaning_of(fault: Fault, settings: EngineServiceSettings) -> Meaning:
    text = fault.text.casefold()
    for word, meaning in settings.fault_words.items():
        if word.casefold() in text:
            return meaning
    if fault.code in _BEFORE_THE_ENGINE:
        return Meaning.MISCONFIGURED
    if fault.detail == "EngineServiceException":
        return settings.engine_fault
    return Meaning.PERMANENT if fault.code == "Client" else Meaning.TRANSIENT


def _named(name: str) -> str:
    return name if _NAME.fullmatch(name) else "of an unreadable name"
