"""A source system on the loopback address that proves every request with the library of Standard Webhooks."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.connectors.http_service import Answer, HttpService, Request
from xconnector.testing.conformance.write_back import Mood

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
_ANSWERS = {Mood.REFUSES: 422, Mood.IS_BUSY: 503, Mood.KNOWS_US_NOT: 401}


class SourceSystem(HttpService):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[Mapping[str, Any]] = []
        self.poison: set[str] = set()
        """Ids of events that it breaks at, whenever they are told."""
        self._mood = Mood.TAKES

    @property
    def settings(self) -> Mapping[str, Any]:
        return {
            "url": f"{self.url}/events",
            "secrets": [SECRET],
            "allowed": {"loopback": True},
        }

    @property
    def told(self) -> Sequence[tuple[str, str]]:
        return [(str(event["id"]), str(event["subject"])) for event in self.events]

    def be(self, mood: Mood) -> None:
        self._mood = mood
        self.loses_answers = mood is Mood.LOSES_ANSWERS

    async def go_away(self) -> None:
        await self.go_down()

    def answer(self, request: Request) -> Answer:
        try:
            Webhook(SECRET).verify(request.body or b"null", dict(request.headers))
        except WebhookVerificationError:
            if request.method == "POST":
                return Answer(status=401)
        if request.method != "POST":
            return Answer(status=405)
        if self._mood in _ANSWERS:
            return Answer(status=_ANSWERS[self._mood])
        content: Any = json.loads(request.body)
        is_batch = request.headers["content-type"].startswith("application/cloudevents-batch+json")
        events: list[Mapping[str, Any]] = content if is_batch else [content]
        if self.poison & {event["id"] for event in events}:
            return Answer(status=500)
        self.events += events
        return Answer(status=204)


@asynccontextmanager
async def open_target() -> AsyncGenerator[SourceSystem]:
    system = SourceSystem()
    await system.come_up()
    try:
        yield system
    finally:
        await system.go_down()
