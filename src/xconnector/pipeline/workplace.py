"""What every stage works with."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from xconnector.domain.identity import time_ordered_id
from xconnector.domain.routing.plan import EnvelopeSharing
from xconnector.execution.jobs import Jobs
from xconnector.postgres.connect import Pool
from xconnector.postgres.locks import SessionLocks
from xconnector.project.model import ConnectionLimits, Project
from xconnector.project.open_connections import Connections
from xconnector.store.content import ContentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """The project, the database, the opened connections and the content store of one process."""

    project: Project
    jobs: Jobs
    pool: Pool = field(repr=False)
    locks: SessionLocks = field(repr=False)
    connections: Connections
    content: ContentStore

    def now(self) -> datetime:
        """The present time in UTC."""
        return datetime.now(UTC)

    def new_id(self) -> UUID:
        """A new time-ordered identity."""
        return time_ordered_id(self.now(), os.urandom(10))

    def limits_of(self, connection: str) -> ConnectionLimits:
        """Return the limits of a connection; the usual ones for one that the project does not have any more."""
        known = self.project.connections.get(connection)
        return known.limits if known is not None else ConnectionLimits()

    def providers_of(self, channel: str) -> tuple[str, ...]:
        """Return the connections of which one takes what goes by a channel, itself first."""
        known = self.project.connections.get(channel)
        return (channel, *(known.further_providers if known is not None else ()))

    def sharing_of(self, communication: str) -> EnvelopeSharing:
        """Say with which others it may lie in one envelope; what the project does not have any more goes alone."""
        known = self.project.communications.get(communication)
        return known.share_envelope if known is not None else EnvelopeSharing.NONE

    def is_promotional(self, communication: str) -> bool:
        """Say whether the recipient may unsubscribe; not from what the project does not have any more."""
        known = self.project.communications.get(communication)
        return known is not None and known.promotional


def state_folder(project_folder: Path) -> Path:
    """Return the folder in which a project's working files lie."""
    return project_folder / "var"
