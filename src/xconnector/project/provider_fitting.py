"""Whether the connections that stand in for one another can: the same medium, the same renditions, piece by piece."""

from collections.abc import Iterator

from xconnector.contract.channel import Collects
from xconnector.contract.errors import ConnectorError
from xconnector.domain.routing.plan import Medium
from xconnector.project.connection_settings import CONNECTIONS, KnownConnection, Role, without_role
from xconnector.project.findings import Finding
from xconnector.project.known import Known

FURTHER = "further_providers"


def provider_misfits(known: Known) -> Iterator[Finding]:
    """Yield what is wrong with the further providers of channels."""
    content = known.file.content.get(CONNECTIONS) if isinstance(known.file.content, dict) else None
    spelled = content if isinstance(content, dict) else {}
    for name, connection in known.connections.items():
        one = spelled.get(name)
        further = one.get(FURTHER) if isinstance(one, dict) else None
        names = [other for other in further if isinstance(other, str)] if isinstance(further, list) else []
        for number, other in enumerate(names):
            problems = _misfits(connection, other, is_twice=other in names[:number], known=known)
            for message, remedy in problems:
                yield known.file.finding((CONNECTIONS, name, FURTHER), message, remedy)


def _misfits(first: KnownConnection, other: str, *, is_twice: bool, known: Known) -> Iterator[tuple[str, str]]:
    if other == first.name or is_twice:
        yield f"{other!r} is one of its providers already", "name each of the others once"
        return
    if not first.may(Role.CHANNEL):
        yield f"connection {first.name!r} is no channel", "only channels have further providers"
        return
    missing = list(without_role(known.connections, other, Role.CHANNEL))
    yield from missing
    if missing:
        return
    second = known.connections[other]
    if _medium(first) is not _medium(second):
        yield f"{other!r} reaches people by another medium than {first.name!r}", "write it into the plan as a next hop"
    elif _medium(first) is Medium.PUSH:
        yield "devices are known to one push service only", "leave it out"
    elif _collects(first) or _collects(second):
        yield "what leaves in bundles has one provider", "leave it out, or write it into the plan as a next hop"
    elif not _takes(second) <= _takes(first):
        yield f"{other!r} takes renditions that are not made for {first.name!r}", "write it into the plan as a next hop"


def _medium(connection: KnownConnection) -> Medium | None:
    if connection.manifest is None or connection.settings is None:
        return None
    return connection.manifest.medium_of(connection.settings)


def _takes(connection: KnownConnection) -> frozenset[object]:
    try:
        return frozenset(connection.takes())
    except (ConnectorError, ImportError):
        return frozenset()


def _collects(connection: KnownConnection) -> bool:
    if connection.manifest is None or connection.settings is None or connection.manifest.channel is None:
        return False
    try:
        return isinstance(connection.manifest.channel(connection.settings, connection.surroundings), Collects)
    except (ConnectorError, ImportError):
        return False
