"""Listens to streams of NATS JetStream."""

from xconnector.connectors.nats.settings import NatsSettings
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.stream_source import StreamSource


def _stream_source(settings: NatsSettings, surroundings: Surroundings) -> StreamSource:
    from xconnector.connectors.nats.source import NatsSource

    try:
        from xconnector.connectors.nats.client import NatsSession
    except ModuleNotFoundError as missing:
        raise MisconfiguredError("NATS needs a library: pip install xconnector[nats]") from missing

    return NatsSource(settings, surroundings, NatsSession)


MANIFEST = Manifest(
    name="nats",
    summary="Takes events from a stream of NATS JetStream through a durable consumer.",
    settings=NatsSettings,
    stability=Stability.STABLE,
    stream_source=_stream_source,
)
