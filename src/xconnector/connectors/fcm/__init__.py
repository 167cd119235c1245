"""Push messages on Android and other apps, by Firebase Cloud Messaging."""

from xconnector.connectors.fcm.settings import FcmSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: FcmSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.fcm.channel import FcmChannel

    return FcmChannel(settings, surroundings)


MANIFEST = Manifest(
    name="fcm",
    summary="Shows push messages on devices by Firebase Cloud Messaging (HTTP v1).",
    settings=FcmSettings,
    stability=Stability.EXPERIMENTAL,
    channel=_open_channel,
    medium=Medium.PUSH,
)
