"""Listens to topics of Kafka."""

from xconnector.connectors.kafka.settings import KafkaSettings
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.stream_source import StreamSource


def _stream_source(settings: KafkaSettings, surroundings: Surroundings) -> StreamSource:
    from xconnector.connectors.kafka.source import KafkaSource

    try:
        from xconnector.connectors.kafka.client import KafkaSession
    except ModuleNotFoundError as missing:
        raise MisconfiguredError("Kafka needs a library: pip install xconnector[kafka]") from missing

    return KafkaSource(settings, surroundings, KafkaSession)


MANIFEST = Manifest(
    name="kafka",
    summary="Takes events from topics of Kafka as one member of a consumer group.",
    settings=KafkaSettings,
    stability=Stability.EXPERIMENTAL,
    stream_source=_stream_source,
)
