"""Push messages in browsers: Web Push, encrypted for each of them."""

from xconnector.connectors.web_push.settings import WebPushSettings
from xconnector.contract.channel import Channel
from xconnector.contract.manifest import Manifest, Stability, Surroundings
from xconnector.domain.routing.plan import Medium


def _open_channel(settings: WebPushSettings, surroundings: Surroundings) -> Channel:
    from xconnector.connectors.web_push.channel import WebPushChannel

    return WebPushChannel(settings, surroundings)


MANIFEST = Manifest(
    name="web_push",
    summary="Shows push messages in browsers by Web Push, encrypted for each of them.",
    settings=WebPushSettings,
    stability=Stability.EXPERIMENTAL,
    channel=_open_channel,
    medium=Medium.PUSH,
)
