"""The role of an archive: it keeps what left, with evidence, for as long as the record class says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from uuid import UUID

from xconnector.contract.errors import ConnectorError
from xconnector.contract.lifecycle import Connector
from xconnector.domain.document import Rendition


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One rendition to be kept, and under which rule."""

    communication_id: UUID
    rendition: Rendition
    record_class: str
    retain_until: date


class Archive(Connector, Protocol):
    """Keeps. Keeping the same bytes twice keeps them once."""

    async def keep(self, records: Sequence[Record], *, batch_key: str) -> Sequence[str | ConnectorError]:
        """Keep the records durably and return for each its address, by which `fetch` finds it.

        `batch_key` names records that arrive together and may be stored as one object; the same
        key always comes with the same records.
        """
        ...

    async def fetch(self, address: str) -> bytes:
        """Return exactly what was kept.

        Raises PermanentError when there is no such address or the bytes no longer match their digest.
        """
        ...
