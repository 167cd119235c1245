"""What `speakers:` of `xconnector.yaml` says, with what connections and feeds are called."""

from collections.abc import Mapping

from xconnector.domain.speakers import Speakers
from xconnector.project.files import SpeakerShape
from xconnector.project.known import Known


def speakers_of(said: Mapping[str, SpeakerShape], known: Known) -> Speakers:
    """Return who may speak for which sources."""
    own: dict[str, set[str]] = {
        name: {name} for name, one in known.connections.items() if one.manifest and one.manifest.webhook_source
    }
    for feed in known.feeds.values():
        if feed.connection is not None:
            own.setdefault(feed.connection, {feed.connection}).add(feed.name)
    return Speakers(
        told={name: frozenset(one.sources) for name, one in said.items()},
        own={name: frozenset(names) for name, names in own.items()},
    )
