"""What `write_back:` of `xconnector.yaml` says, and whether it fits the rest."""

from collections.abc import Iterator, Mapping

from xconnector.domain.write_back import WORDS
from xconnector.project.connection_settings import Role, without_role
from xconnector.project.files import WriteBackShape
from xconnector.project.findings import Finding, named_like
from xconnector.project.known import Known
from xconnector.project.model import WriteBack


def write_backs_of(said: Mapping[str, WriteBackShape]) -> Mapping[str, WriteBack]:
    """Return the source systems that are told, by name."""
    return {
        name: WriteBack(name=name, connection=one.connection, sources=one.sources, words=frozenset(one.events or WORDS))
        for name, one in said.items()
    }


def write_back_misfits(said: Mapping[str, WriteBackShape], known: Known) -> Iterator[Finding]:
    """Yield what does not fit: connections that are not there or tell nobody, and words that nobody says."""
    for name, one in said.items():
        place = ("write_back", name)
        for message, remedy in without_role(known.connections, one.connection, Role.WRITE_BACK):
            yield known.file.finding((*place, "connection"), message, remedy)
        for number, word in enumerate(one.events):
            if word not in WORDS:
                remedy = named_like(word, WORDS)
                yield known.file.finding((*place, "events", number), f"nobody is told {word!r}", remedy)
