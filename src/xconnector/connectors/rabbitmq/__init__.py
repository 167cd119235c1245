"""Listens to queues of RabbitMQ."""

from xconnector.connectors.rabbitmq.settings import RabbitmqSettings
from xconnector.contract.errors import MisconfiguredError
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.contract.stream_source import StreamSource


def _stream_source(settings: RabbitmqSettings, surroundings: Surroundings) -> StreamSource:
    from xconnector.connectors.rabbitmq.source import RabbitmqSource

    try:
        from xconnector.connectors.rabbitmq.client import RabbitmqSession
    except ModuleNotFoundError as missing:
        raise MisconfiguredError("RabbitMQ needs a library: pip install xconnector[rabbitmq]") from missing

    return RabbitmqSource(settings, surroundings, RabbitmqSession)


MANIFEST = Manifest(
    name="rabbitmq",
    summary="Takes events from a queue of RabbitMQ.",
    settings=RabbitmqSettings,
    stability=Stability.STABLE,
    stream_source=_stream_source,
)
