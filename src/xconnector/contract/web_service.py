"""The way to a provider's web service: answers of bounded size, no redirects, and what a lost one means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from xconnector.contract.errors import MisconfiguredError, OutcomeUnknownError, TransientError
from xconnector.contract.http_refusal import error_of_status
from xconnector.contract.outbound import beginning

_LARGEST_ANSWER = 64 * 1024
_NOTHING_SENT_YET = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswer:
    """What the service said."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """Names in lower case."""
    body: bytes = field(repr=False)
    """Its beginning, which is all of it in every sensible answer."""

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of statuses


class WebService:
    """A service of a provider, opened."""

    def __init__(
        self,
        name: str,
        url: str,
        *,
        timeout: float,
        at_once: int,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
    ) -> None:
        """Nothing is called before `ask`.

        Args:
            name: begins the sentences of errors.
            url: where it is, without a stroke at the end.
            timeout: seconds for each answer.
            at_once: calls at the same time.
            headers: of every call.
            auth: user and password of every call.
        """
        self.name = name
        self._url = url
        self._http = httpx.AsyncClient(
            auth=auth,
            # What is read is counted as it comes: nothing may grow when it is unpacked.
            headers={**(headers or {}), "Accept-Encoding": "identity"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once),
            # An answer that sends us elsewhere would take the login and the content along.
            follow_redirects=False,
            # The address is the operator's word, not the environment's.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._http.__aexit__(exc_type, exc, traceback)

    async def look(self, path: str, *, largest: int = _LARGEST_ANSWER, **content: Any) -> bytes | None:  # noqa: ANN401 - as httpx takes it
        """Return what stands at a path, at most so many bytes of it; None where there is nothing.

        Raises one of the four errors, never OutcomeUnknownError.
        """
        answer = await self.ask("GET", path, repeats_safely=True, largest=largest, **content)
        if answer.status == HTTPStatus.NOT_FOUND:
            return None
        if not answer.is_success:
            raise error_of_status(self.name, answer.status, answer.headers, repeats_safely=True)
        return answer.body

    async def ask(
        self,
        method: str,
        path: str,
        *,
        repeats_safely: bool,
        largest: int = _LARGEST_ANSWER,
        **content: Any,  # noqa: ANN401 - as httpx takes it
    ) -> ServiceAnswer:
        """Return the answer, whatever its status, with at most so many bytes of its body.

        Raises TransientError where nothing was sent, or may be sent again, OutcomeUnknownError where the answer was
        lost otherwise, and MisconfiguredError.
        """
        try:
            async with self._http.stream(method, f"{self._url}{path}", **content) as answer:
                return ServiceAnswer(
                    status=answer.status_code,
                    headers={name.lower(): value for name, value in answer.headers.items()},
                    body=await beginning(answer, largest),
                )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError):
            raise MisconfiguredError(f"the address of {self.name} is none that can be called") from None
        except _NOTHING_SENT_YET:
            raise TransientError(f"{self.name} cannot be reached") from None
        except httpx.HTTPError:
            lost = f"the answer of {self.name} was lost"
            if repeats_safely:
                raise TransientError(lost, may_have_arrived=True) from None
            raise OutcomeUnknownError(f"{lost}; look there, then settle it") from None


class ServiceCaller:
    """What calls one service, opened with it: the wire of a connector."""

    def __init__(self, service: WebService) -> None:
        self._service = service

    async def __aenter__(self) -> Self:
        await self._service.__aenter__()
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None, /
    ) -> None:
        await self._service.__aexit__(exc_type, exc, traceback)
