"""Push messages on Apple's devices."""

from xconnector.connectors.apns.settings import ApnsSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: ApnsSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.apns.channel import ApnsChannel

    return ApnsChannel(settings, surroundings)


MANIFEST = Manifest(
    name="apns",
    summary="Shows push messages on Apple's devices by the Apple Push Notification service.",
    settings=ApnsSettings,
    stability=Stability.EXPERIMENTAL,
    channel=_open_channel,
    medium=Medium.PUSH,
)
