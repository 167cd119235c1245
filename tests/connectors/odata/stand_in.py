"""Our own service of OData, which proves nothing of a product's."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.connectors.odata.service import Service, running_service


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStandIn:
    service: Service

    @property
    def settings(self) -> Mapping[str, object]:
        return {"url": self.service.root, "entity_set": "customers", "key": ["id"]}

    async def put(self, key: str, text: str) -> None:
        self.service.log.append({"id": key, "text": text, "@odata.etag": f"W/{len(self.service.log)}"})

    async def go_away(self) -> None:
        self.service.status = 503


@asynccontextmanager
async def open_source(server: str) -> AsyncGenerator[ServiceStandIn]:
    del server
    with running_service() as service:
        yield ServiceStandIn(service=service)
