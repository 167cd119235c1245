"""How Empower is asked: its envelope with a status code, and the token against forged requests (S2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final, cast

import msgspec

from xconnector.connectors.exstream.cloud.address import address
from xconnector.connectors.exstream.cloud.client import Answer, CloudClient, FormFile
from xconnector.connectors.exstream.cloud.empower_codes import error_of, meaning_of
from xconnector.connectors.exstream.cloud.empower_settings import EmpowerSettings, Meaning
from xconnector.connectors.exstream.cloud.errors import Call, Refused, strange_answer
from xconnector.connectors.exstream.cloud.errors import error_of as error_of_status
from xconnector.contract.errors import ConnectorError, MisconfiguredError

_JSON: Final = "application/json"
_MAY_HAVE_ENVELOPE: Final = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.INTERNAL_SERVER_ERROR,
    }
)
"""Statuses beside the successes whose body may be an envelope, which says more."""
_SMALL: Final = 1024 * 1024
_LONGEST_TOKEN: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One call of Empower."""

    method: str
    path: str
    """As the settings have it, with `{document}` where the document's id stands."""
    document: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes | None = field(default=None, repr=False)
    files: Sequence[FormFile] = ()
    largest_answer: int = _SMALL
    repeatable: bool = True
    or_gone: bool = False
    """Whether it is as good when there is no such document."""


class _Status(msgspec.Struct):
    code: str | int | None = None


class _Header(msgspec.Struct):
    status: _Status | None = None


class _Envelope(msgspec.Struct):
    header: _Header
    body: Any = None

    @property
    def code(self) -> str:
        status = self.header.status
        return "" if status is None or status.code is None else str(status.code)


class EmpowerWire:
    """Asks, and raises one of the four errors unless it was done."""

    def __init__(self, client: CloudClient, settings: EmpowerSettings) -> None:
        self._client = client
        self._settings = settings

    def at(self, asked: Asked) -> str:
        """Return the address of a call."""
        return address(
            self._settings.url, asked.path, **({} if asked.document is None else {"document": asked.document})
        )

    async def body(self, asked: Asked) -> Any:  # noqa: ANN401 - each call has a body of its own, which its caller takes apart
        """Return the body of the envelope."""
        envelope = _envelope(await self.answer(asked))
        if envelope is None:
            raise self.strange(asked)
        return envelope.body

    async def answer(self, asked: Asked) -> Answer:
        """Return the answer as it came, which need not be an envelope."""
        headers = {"Accept": _JSON, **asked.headers, **(await self._token() if asked.method != "GET" else {})}
        answer = await self._client.ask(
            asked.method,
            self.at(asked),
            call=self._call(asked),
            headers=headers,
            content=asked.content,
            files=asked.files,
        )
        self._refuse(answer, asked)
        return answer

    def strange(self, asked: Asked) -> ConnectorError:
        """Return the error of an answer that says it was done, and is not what such calls give."""
        return strange_answer(self._call(asked), self.at(asked))

    async def _token(self) -> Mapping[str, str]:
        """Return the header against forged requests, fetched anew: nothing says how long one lasts."""
        if self._settings.token_path is None:
            return {}
        asked = Asked(method="GET", path=self._settings.token_path)
        answer = await self.answer(asked)
        envelope = _envelope(answer)
        token = _token_of(answer.body if envelope is None else envelope.body)
        if token is None:
            raise MisconfiguredError(
                f"Empower at {self.at(asked)} gives no token: correct `empower.token_path`, or set it to null where "
                "none is needed"
            )
        return {self._settings.token_header: token}

    def _refuse(self, answer: Answer, asked: Asked) -> None:
        envelope = _envelope(answer)
        if envelope is not None:
            meaning = meaning_of(envelope.code, self._settings.codes)
            if meaning is not Meaning.DONE and not (asked.or_gone and meaning is Meaning.GONE):
                raise error_of(envelope.code, meaning, self.at(asked))
        elif answer.status in _MAY_HAVE_ENVELOPE:
            refused = Refused(status=answer.status, body=answer.body, ids=answer.ids)
            raise error_of_status(refused, self._call(asked), self.at(asked))

    def _call(self, asked: Asked) -> Call:
        return Call(
            service="Empower",
            repeatable=asked.repeatable,
            also=frozenset(int(status) for status in _MAY_HAVE_ENVELOPE),
            timeout=self._settings.timeout,
            largest_answer=asked.largest_answer,
        )


def _envelope(answer: Answer) -> _Envelope | None:
    if not answer.media_type.endswith("json"):
        return None
    try:
        return msgspec.json.decode(answer.body, type=_Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _token_of(body: object) -> str | None:
    """Return the token of a body, whose shape is unpublished: the text itself, or the one text of an object."""
    match body:
        case bytes():
            told = body[: _LONGEST_TOKEN + 1].decode("ascii", "replace").strip().strip('"')
        case str():
            told = body.strip()
        case dict():
            texts = [value for value in cast("dict[str, object]", body).values() if isinstance(value, str)]
            told = texts[0] if len(texts) == 1 else ""
        case _:
            told = ""
    is_token = (
        0 < len(told) <= _LONGEST_TOKEN and told.isascii() and told.isprintable() and not set(told) & set(' "{}<>')
    )
    return told if is_token else None
